import { expect, it } from 'vitest'
import {
  decimal,
  formatTime,
  type Ohlcv,
  ohlcv,
  type Price,
  parseTime,
  price,
  silentLogger,
  type Trade,
  trade,
} from '../../lib/src/base/types/index.ts'
import { CryptoDataPublisher } from '../../lib/src/publishers/index.ts'
import { MemoryStream } from '../support/memoryStream.ts'
import { QueueSource } from './queueSource.ts'

const NOW = parseTime('2026-06-01T12:00:00Z')
const MINUTE = 60_000_000

const common = { coinId: 'bitcoin', source: 'queue', origin: 'live', currency: 'usd', receivedAt: NOW } as const
const aPrice = (change: Partial<Price>): Price => ({ ...common, time: NOW, price: decimal('1'), ...change })
const aTrade = (change: Partial<Trade>): Trade => ({
  ...common,
  time: NOW,
  tradeId: 'a',
  side: 'buy',
  price: decimal('1'),
  amount: decimal('1'),
  ...change,
})

async function published(type: typeof price | typeof ohlcv | typeof trade, ...batches: readonly object[][]) {
  const source = new QueueSource()
  const stream = new MemoryStream()
  for (const records of batches) source.push({ type, records } as never)
  source.end()
  await new CryptoDataPublisher({ source, stream, logger: silentLogger, now: () => NOW }).run()
  const records = stream.texts(type.topic).map(({ text }) => type.decode(Buffer.from(text)))
  return { records, letters: stream.texts(`${type.topic}.dlq`) }
}

it('records up to five minutes ahead of the database are accepted; later ones become dead letters', async () => {
  const within = [aPrice({ time: NOW + 5 * MINUTE }), aPrice({ receivedAt: NOW + 5 * MINUTE })]
  const beyond = [aPrice({ time: NOW + 5 * MINUTE + 1 }), aPrice({ receivedAt: parseTime('2099-01-01T00:00:00Z') })]
  const { records, letters } = await published(price, [...within, ...beyond])
  expect(records).toEqual(within)
  const reasons = letters.map(({ headers }) => headers.reason)
  expect(reasons).toHaveLength(2)
  const clock = "is from the future: the database's clock says 2026-06-01T12:00:00Z, and at most 5 minutes ahead of it are taken"
  expect(reasons.join()).toContain(`time 2026-06-01T12:05:00.000001Z ${clock}`)
  expect(reasons.join()).toContain(`received_at 2099-01-01T00:00:00Z ${clock}`)
})

it('a daily candle received after the close of its market is final before the end of the day', async () => {
  const figures = { open: decimal('1'), high: decimal('1'), low: decimal('1'), close: decimal('1'), timeframe: '1d' } as const
  const bar = { ...common, ...figures, time: parseTime('2026-06-01T00:00:00Z'), isFinal: true, builtFrom: 'provider' } as const
  const closes = (at: string) => ({
    ...{ name: 'made up', always: false },
    spans: (from: number) => [{ from, to: parseTime(at) }],
  })
  const of = ({ source }: { readonly source: string }) =>
    closes(source === 'queue' ? '2026-06-01T11:00:00Z' : '2026-06-01T13:00:00Z')
  let reads = 0
  const refresh = async () => {
    if (reads++ > 0) throw new Error('the database is down')
  }
  const source = new QueueSource()
  const stream = new MemoryStream()
  source.push({ type: ohlcv, records: [bar, { ...bar, source: 'later' }] } as never).end()
  await new CryptoDataPublisher({ source, stream, logger: silentLogger, now: () => NOW, calendars: { of, refresh } }).run()
  const finals = stream.texts(ohlcv.topic).map(({ text }) => JSON.parse(text))
  expect(Object.fromEntries(finals.map((one) => [one.source, one.is_final]))).toEqual({ queue: true, later: false })
  expect(reads).toBe(2)
})

it('a candle received before its end is not final', async () => {
  const figures = { open: decimal('1'), high: decimal('1'), low: decimal('1'), close: decimal('1'), timeframe: '1m' } as const
  const bar = (ago: number): Ohlcv => ({ ...common, ...figures, time: NOW - ago, isFinal: true, builtFrom: 'provider' })
  const { records } = await published(ohlcv, [bar(MINUTE), bar(MINUTE - 1)])
  expect(records.map((record) => record.isFinal)).toEqual([true, false])
})

it('trades of one time without a sequence keep their order of arrival, across batches; others are unchanged', async () => {
  const { records } = await published(
    trade,
    [aTrade({ tradeId: 'z' }), aTrade({ tradeId: 'y' }), aTrade({ tradeId: 'other coin', coinId: 'ethereum' })],
    [aTrade({ tradeId: 'x' }), aTrade({ tradeId: 'later', time: NOW + 1 }), aTrade({ tradeId: '7', sequence: 7 })],
  )
  const received = (records as readonly Trade[]).map(({ tradeId, receivedAt }) => [tradeId, receivedAt - NOW])
  expect(Object.fromEntries(received)).toEqual({ z: 0, y: 1, 'other coin': 0, x: 2, later: 0, '7': 0 })
  expect(formatTime(NOW)).toBe('2026-06-01T12:00:00Z')
})
