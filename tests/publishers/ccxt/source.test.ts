import { expect, onTestFinished, test, vi } from 'vitest'
import type { RecordBatch, Source, SourceContext } from '../../../lib/src/base/types/index.ts'
import { ccxt } from '../../../lib/src/publishers/sources/ccxt/index.ts'
import { describeWith } from '../../support/services.ts'
import {
  type Answers,
  contextOf,
  type ExchangeServer,
  exchange,
  settingsOf,
  UPBIT,
  upbitCandle,
  upbitMarkets,
  upbitTicker,
  upbitTrade,
} from './exchangeServer.ts'

const MINUTE = 60_000
const NOW = Math.floor(Date.now() / MINUTE) * MINUTE

async function open(server: ExchangeServer, settings: object, more: Partial<SourceContext> = {}): Promise<Source> {
  const all = settingsOf(server, { exchange: 'upbit', symbols: ['BTC/KRW'], candles: [], tickers: false, ...settings })
  const source = await ccxt.open(all, contextOf('korea', more))
  onTestFinished(() => source.close())
  return source
}

/** Stops the clock in the middle of the minute NOW. */
function halfPast(): void {
  vi.setSystemTime(NOW + MINUTE / 2)
  onTestFinished(() => {
    vi.useRealTimers()
  })
}

/** The batches of these pulls; each must be there. */
async function pull(source: Source, count: number): Promise<RecordBatch[]> {
  const batches: RecordBatch[] = []
  for await (const batch of source) {
    batches.push(batch)
    if (batches.length === count) break
  }
  return batches
}

const markets: Answers = { [UPBIT.markets]: upbitMarkets('BTC/KRW', 'ETH/KRW') }

describeWith('ccxt', 'the source ccxt', () => {
  test('yields the followed pairs first, and warns of those that the exchange does not have', async () => {
    const server = await exchange({ ...markets, [UPBIT.ticker]: `[${upbitTicker('BTC/KRW', '1', NOW)}]` })
    const source = await open(server, { symbols: ['BTC/KRW', 'ETH/KWR'], tickers: true })
    const [instruments, prices] = await pull(source, 2)
    expect(instruments).toMatchObject({
      type: { name: 'instrument' },
      records: [{ source: 'korea', coinId: 'BTC/KRW', kind: 'pair', symbol: 'KRW-BTC', base: 'BTC', quote: 'KRW', active: true }],
    })
    expect(prices?.records).toHaveLength(1)
    expect(source.warnings).toMatchObject([
      { subject: 'symbol ETH/KWR', message: expect.stringContaining('upbit has no spot pair ETH/KWR; did you mean ETH/KRW?') },
    ])
  })

  test('ends where the exchange has none of the symbols', async () => {
    const source = await open(await exchange(markets), { symbols: ['XYZ/KRW'], tickers: true })
    await expect(pull(source, 1)).rejects.toMatchObject({ code: 'NOT_FOUND', message: expect.stringContaining('XYZ/KRW') })
  })

  test('a candle is final once it has ended by the clocks of both sides', async () => {
    halfPast()
    const late = { date: new Date(NOW - MINUTE).toUTCString() }
    const body = `[${[NOW, NOW - MINUTE, NOW - 2 * MINUTE].map((open) => upbitCandle(open)).join()}]`
    const finalOnes = async (headers: Record<string, string>) => {
      const source = await open(await exchange({ ...markets, [UPBIT.candles]: { body, headers } }), { candles: ['1m'] })
      const [, candles] = await pull(source, 2)
      return candles?.records.map(({ isFinal }) => isFinal)
    }
    expect(await finalOnes({})).toEqual([true, true, false])
    // The exchange's clock, a minute and a half slow, has not seen the end of two.
    expect(await finalOnes(late)).toEqual([true, false, false])
  })

  test('closed candles are yielded once', async () => {
    halfPast()
    const body = `[${[NOW, NOW - MINUTE].map((open) => upbitCandle(open)).join()}]`
    const source = await open(await exchange({ ...markets, [UPBIT.candles]: body }), { candles: ['1m'], every_s: { candles: 1 } })
    const [, first, second] = await pull(source, 3)
    expect(first?.records.map(({ isFinal }) => isFinal)).toEqual([true, false])
    expect(second?.records.map(({ isFinal }) => isFinal)).toEqual([false])
  })

  test('a ticker without a time has that of its arrival', async () => {
    const source = await open(
      await exchange({ ...markets, [UPBIT.ticker]: '[{"market":"KRW-BTC","trade_price":93812000.50}]' }),
      { tickers: true },
    )
    const [, prices] = await pull(source, 2)
    const { time, receivedAt, price } = prices?.records[0] ?? {}
    expect(price).toBe('93812000.5')
    expect(time).toBe(receivedAt)
  })

  test('an exchange without a last price gives no price: none is computed', async () => {
    const ticker = '[{"market":"KRW-BTC","opening_price":3,"signed_change_price":1},{"market":"KRW-ETH","trade_price":2}]'
    const source = await open(await exchange({ ...markets, [UPBIT.ticker]: ticker }), {
      symbols: ['BTC/KRW', 'ETH/KRW'],
      tickers: true,
    })
    const [, prices] = await pull(source, 2)
    expect(prices?.records).toMatchObject([{ coinId: 'ETH/KRW', price: '2' }])
  })

  test('kinds of records that the exchange does not give are warnings, and nothing at all is an error', async () => {
    const server = await exchange({ ...markets, [UPBIT.ticker]: `[${upbitTicker('BTC/KRW', '1', NOW)}]` })
    const source = await open(server, { candles: ['2h'], tickers: true })
    expect(source.warnings).toMatchObject([{ message: expect.stringContaining('upbit gives no 2h candles (but 1s, 1m') }])
    await expect(open(server, { candles: ['2h'] })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('source korea has nothing to fetch: upbit gives no 2h candles'),
    })
  })

  test('refuses an exchange that ccxt does not have, with a suggestion', async () => {
    const server = await exchange({})
    await expect(open(server, { exchange: 'krakne' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: 'sources.korea.exchange "krakne": ccxt has no such exchange; did you mean kraken?',
    })
  })

  test('refuses a sandbox where there is none', async () => {
    await expect(open(await exchange({}), { sandbox: true })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('sources.korea.sandbox: upbit has no test system'),
    })
  })

  test('trades keep ids of more digits than a float has', async () => {
    const ids = ['17960611643620001', '17960611643620002', '10053870590733152449666']
    const server = await exchange({ ...markets, [UPBIT.trades]: `[${ids.map((id, i) => upbitTrade(id, NOW + i)).join()}]` })
    const [, trades] = await pull(await open(server, { trades: true }), 2)
    expect(trades?.records.map(({ tradeId }) => tradeId)).toEqual(ids)
  })

  test('trades that were missed between two polls are an outage of their series, for the time that they span', async () => {
    const cuts: unknown[] = []
    let polls = 0
    const server = await exchange({
      ...markets,
      [UPBIT.trades]: () => {
        const first = polls++ === 0 ? 1 : 100
        return `[${[first, first + 1].map((id) => upbitTrade(id, NOW + id)).join()}]`
      },
    })
    const outage: SourceContext['outage'] = (...cut) => {
      cuts.push(cut)
      return { [Symbol.asyncDispose]: async () => {} }
    }
    const source = await open(server, { trades: true, every_s: { trades: 1 } }, { outage })
    const [, , second] = await pull(source, 3)
    expect(second?.records.map(({ tradeId }) => tradeId)).toEqual(['100', '101'])
    expect(cuts).toEqual([
      [
        [{ type: 'trade', coinId: 'BTC/KRW', currency: 'KRW' }],
        expect.stringContaining('upbit shows only its latest trades'),
        { from: (NOW + 2) * 1000 + 1, to: (NOW + 100) * 1000 },
      ],
    ])
  })

  test('a trade without an id among others is refused once, with the reason', async () => {
    const nameless = upbitTrade('null', NOW)
    const server = await exchange({
      ...markets,
      [UPBIT.trades]: `[${nameless},${upbitTrade(1, NOW + 1)}]`,
      [UPBIT.ticker]: `[${upbitTicker('BTC/KRW', '1', NOW)}]`,
    })
    const source = await open(server, { trades: true, tickers: true, every_s: { trades: 1, tickers: 1 } })
    const batches = await pull(source, 5)
    const refused = batches.flatMap(({ rejected = [] }) => rejected)
    expect(refused).toMatchObject([{ reason: expect.stringContaining('the trade has no id') }])
    expect(batches[1]?.records).toHaveLength(1)
  })
})
