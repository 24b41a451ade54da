import { describe, expect, onTestFinished, test } from 'vitest'
import { type HistorySeries, parseTime, type RecordValues, timeframeMicros } from '../../../lib/src/base/types/index.ts'
import { TwelveDataHistory } from '../../../lib/src/publishers/sources/twelvedata/history.ts'
import { clientOf, type FakeOptions, twelveData } from './server.ts'

const HOURS: HistorySeries = { type: 'ohlcv', coinId: 'TA:XNAS', currency: 'USD', timeframe: '1h' }
const DAY = timeframeMicros('1d')
const at = (date: string) => parseTime(`${date}T00:00:00Z`)

async function open(options: FakeOptions = {}) {
  const server = await twelveData(options)
  const history = new TwelveDataHistory({ client: clientOf(server), symbols: [] })
  onTestFinished(() => history.close())
  const instruments: RecordValues[] = []
  const all = async (from: number, to: number, series = HOURS) => {
    const records: RecordValues[] = []
    for await (const batch of history.fetch(series, { from, to, spacing: 1 }))
      if (batch.type.name === 'ohlcv') records.push(...batch.records)
      else instruments.push(...batch.records)
    return records
  }
  return { server, history, all, instruments }
}

describe('windows', () => {
  test('hold at most 5,000 bars of sessions, on a grid that does not move', async () => {
    const { history } = await open()
    const days = (timeframe: HistorySeries['timeframe'], coinId = 'TA:XNAS') => {
      const windows = [...history.plan({ ...HOURS, coinId, ...(timeframe && { timeframe }) }, at('2000-01-03'), at('2026-01-05'))]
      const [, second] = windows
      return second ? (second.to - second.from) / DAY : windows.length
    }
    expect(days('1m')).toBe(14)
    expect(days('1h')).toBe(7 * 142)
    expect(days('1d')).toBe(7000)
    expect(days('1m', 'BTC/USD')).toBe(3)
    const inner = [...history.plan(HOURS, at('2025-02-03') + 1, at('2025-02-04'))]
    expect(inner).toEqual([{ from: at('2025-02-03') + 1, to: at('2025-02-04'), spacing: timeframeMicros('1h') }])
  })

  test('no window of a year has more bars than one answer', async () => {
    const { server, history } = await open()
    for (const { from, to } of history.plan(HOURS, at('2019-01-01'), at('2026-01-01')))
      expect(server.truth('TA', from, to).length).toBeLessThanOrEqual(5000)
  })

  test('refuse what there is no history of', async () => {
    const { history } = await open()
    expect(() => [...history.plan({ ...HOURS, timeframe: '3d' }, 0, 1)]).toThrow(
      /no history of 3d candles; there are candles of 1m/,
    )
    expect(() => [...history.plan({ ...HOURS, type: 'trade' }, 0, 1)]).toThrow(/no history of trade/)
  })
})

describe('a window', () => {
  test('gives its bars with every digit, by time', async () => {
    const { server, all, instruments } = await open()
    const [from, to] = [at('2025-01-06'), at('2025-01-18')]
    const records = await all(from, to)
    expect(instruments).toMatchObject([{ coinId: 'TA:XNAS', calendar: 'XNAS', mic: 'XNAS' }])
    expect(records.map(({ time, close }) => [time, close])).toEqual(server.truth('TA', from, to))
    expect(records).toHaveLength(8 * 7 + 7)
    expect(records[0]).toMatchObject({ origin: 'backfill', isFinal: true, builtFrom: 'provider', currency: 'USD' })
  })

  test('that was cut is asked for again, until nothing is missing', async () => {
    const { server, all } = await open({
      answer: ({ path, query }, nth) => (path === '/time_series' && nth === 2 ? bigAnswer(query) : undefined),
    })
    const [from, to] = [at('2020-01-01'), at('2025-01-01')]
    const records = await all(from, to)
    expect(records.map(({ time, close }) => [time, close])).toEqual(server.truth('TA', from, to))
    expect(server.asked.filter(({ path }) => path === '/time_series')).toHaveLength(3)

    function bigAnswer(query: URLSearchParams): string {
      const end = Date.parse(`${query.get('end_date')}Z`) * 1000
      const rows = server.truth('TA', from, end).slice(-5000)
      const values = rows
        .map(([time, close]) => {
          const datetime = new Date(time / 1000).toISOString().slice(0, 19).replace('T', ' ')
          return `{"datetime":"${datetime}","open":"${close}","high":"${close}","low":"${close}","close":"${close}"}`
        })
        .reverse()
      return `{"meta":{"symbol":"TA","interval":"1h","currency":"USD"},"values":[${values.join()}],"status":"ok"}`
    }
  })

  test('before the first bar is refused for good, and the first bar is asked for once', async () => {
    const { server, all } = await open({ begins: at('2024-05-01') })
    for (const year of [2020, 2021, 2022])
      await expect(all(at(`${year}-01-01`), at(`${year}-02-01`))).rejects.toMatchObject({
        code: 'UNSUPPORTED',
        message: 'Twelve Data has TA:XNAS from 2024-05-01 on only',
      })
    expect(server.asked.map(({ path }) => path)).toEqual(['/symbol_search', '/time_series', '/earliest_timestamp'])
    expect(await all(at('2024-07-04'), at('2024-07-05'))).toEqual([])
    expect((await all(at('2024-04-30'), at('2024-05-02'))).length).toBe(7)
  })

  test('of an unknown symbol is NOT_FOUND', async () => {
    const { all } = await open({ answer: ({ path }) => (path === '/symbol_search' ? '{"data":[]}' : undefined) })
    await expect(all(0, 1)).rejects.toMatchObject({ code: 'NOT_FOUND', message: /lists no "TA" at XNAS/ })
  })
})
