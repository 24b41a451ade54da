import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { formatTime } from '../../../lib/src/base/types/index.ts'
import type { AnalyticsReport } from '../../../lib/src/consumers/agents/analytics/report.ts'
import { loadConfig } from '../../../lib/src/streaming/platform/index.ts'
import { testDatabase } from '../../support/database.ts'
import { until } from '../../support/until.ts'
import { type HostedAgents, hostedAgents } from '../hostedAgents.ts'
import { BEGIN, candlesOf, HOUR, priceOf, store } from '../market/stored.ts'

const { url } = await testDatabase()
const settings = { points: 10, volatility_window: 24, volatility_history: 40, breadth_average: 20, correlation_candles: 60 }
let hosted: HostedAgents
beforeAll(async () => {
  hosted = await hostedAgents({ databaseUrl: url, yaml: `agents:\n  analytics: ${JSON.stringify(settings)}\n` })
})
afterAll(() => hosted[Symbol.asyncDispose]())

async function run(input: unknown = {}): Promise<AnalyticsReport> {
  const agent = await hosted.host.agent('analytics')
  return (await (
    await agent.submit('main', input)
  ).result) as AnalyticsReport
}
interface Row {
  readonly coin_id: string
  readonly name: string
  readonly params: string
  readonly time: string
  readonly value: number
}
const rows = async (): Promise<Row[]> =>
  (
    await hosted.platform.store.pool.query<Row>(
      `select coin_id, name, params, to_char(time at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as time, value from indicators order by 1, 2, 3, 4`,
    )
  ).rows

const COUNT = 120
const last = BEGIN + (COUNT - 1) * HOUR
const coins = ['acorn', 'beech', 'cedar']
/** A random walk. */
const walk = () => {
  let at = 100
  return Array.from({ length: COUNT }, () => {
    at *= 1 + (Math.random() - 0.5) / 50
    return at.toFixed(8)
  })
}
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
const returnsOf = (closes: readonly number[]) => closes.slice(1).map((close, i) => Math.log(close / (closes[i] as number)))
const sigma = (values: readonly number[]) =>
  Math.sqrt(values.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0) / (values.length - 1))

describe('the analytics of the stored candles', () => {
  test('are computed by their formulas, written once, and again only where a candle changed', async () => {
    const walks = coins.map(walk)
    const closes = walks.map((all) => all.map(Number))
    await store(
      hosted.platform.store,
      coins.flatMap((coin, i) => candlesOf({ coin }, walks[i] as string[])),
      coins.map((coin, i) => priceOf({ coin }, walks[i]?.at(-1) as string, last)),
    )
    const report = await run()
    expect(report.missing).toEqual([])
    expect(report.coins.map(({ coin }) => coin)).toEqual(coins)
    await until(async () => (await rows()).length === report.written, 'all values in the store')
    const stored = await rows()
    const figureOf = (coin: string, name: string) =>
      stored.find((row) => row.coin_id === coin && row.name === name && row.time === formatTime(last))?.value
    const [acorn = [], beech = []] = closes
    expect(figureOf('acorn', 'sma')).toBeCloseTo(mean(acorn.slice(-20)), 9)
    expect(stored.filter(({ coin_id, name }) => coin_id === 'acorn' && name === 'macd.histogram')).toHaveLength(settings.points)

    // Volatility, its rank among the last 40, and the regime.
    const sigmas = returnsOf(acorn).map((_, i, all) =>
      i < 23 ? Number.NaN : sigma(all.slice(i - 23, i + 1)) * Math.sqrt(365 * 24),
    )
    const now = sigmas.at(-1) as number
    expect(figureOf('acorn', 'volatility')).toBeCloseTo(now, 9)
    const rank = (sigmas.slice(-40).filter((one) => one < now).length + 0.5) / 40
    expect(figureOf('acorn', 'volatility.rank')).toBeCloseTo(rank, 9)
    expect(figureOf('acorn', 'volatility.regime')).toBe([0.2, 0.8, 0.95].filter((begin) => rank >= begin).length)

    // Correlation of the returns of the last 60 common candles.
    const [x, y] = [returnsOf(acorn.slice(-60)), returnsOf(beech.slice(-60))]
    const covariance = x.reduce((sum, one, i) => sum + (one - mean(x)) * ((y[i] as number) - mean(y)), 0) / (x.length - 1)
    const r = covariance / (sigma(x) * sigma(y))
    const pair = stored.filter(({ name, params }) => name === 'correlation' && params === 'with=grove:beech,candles=60')
    expect(pair).toEqual([expect.objectContaining({ coin_id: 'acorn', value: expect.closeTo(r, 9) })])

    // Breadth: the coins that rose with the last candle, and those above their average of 20.
    const rose = closes.filter((all) => (all.at(-1) as number) > (all.at(-2) as number)).length
    expect(figureOf('market', 'breadth')).toBeCloseTo((2 * rose - 3) / 3, 9)
    const above = closes.filter((all) => (all.at(-1) as number) > mean(all.slice(-20))).length
    expect(figureOf('market', 'breadth.above_average')).toBeCloseTo(above / 3, 9)

    const again = await run()
    expect(again.written).toBe(0)
    expect(await rows()).toEqual(stored)
    expect({ ...again, written: 0, text: '', coins: 0 }).toEqual({ ...report, written: 0, text: '', coins: 0 })

    // A late or corrected candle updates the figures computed from it, in place.
    const mended = candlesOf({ coin: 'acorn' }, [((acorn.at(-1) as number) * 1.1).toFixed(8)], last)
    await store(
      hosted.platform.store,
      mended.map((bar) => ({ ...bar, receivedAt: bar.receivedAt + HOUR })),
    )
    const { written } = await run()
    expect(written).toBeGreaterThan(0)
    await until(async () => JSON.stringify(await rows()) !== JSON.stringify(stored), 'other values')
    await until(async () => (await run()).written === 0, 'nothing left to write')
    expect((await rows()).map(({ value: _, ...key }) => key)).toEqual(stored.map(({ value: _, ...key }) => key))
  })

  test('report coins without candles, and refuse an empty list', async () => {
    expect(await run({ coins: 'yew' })).toMatchObject({ at: null, coins: [], missing: ['yew'], written: 0 })
    await expect(run({ coins: [] })).rejects.toMatchObject({ code: 'BAD_REQUEST', field: 'coins' })
    expect(() => loadConfig({ env: { DATABASE_URL: url }, flags: { 'agents.analytics.points': 0 } })).toThrow(
      /agents\.analytics\.points 0/,
    )
  })
})
