import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { alertRules } from '../../../lib/src/publishers/agents/shared/alerts/rules.ts'
import type { MarketReport } from '../../../lib/src/publishers/agents/shared/report.ts'
import { type CoinGeckoServer, startCoinGeckoServer } from '../../support/coingeckoServer.ts'
import { testDatabase } from '../../support/database.ts'
import { describeWith } from '../../support/services.ts'
import { until } from '../../support/until.ts'
import { type HostedAgents, hostedAgents } from '../hostedAgents.ts'
import { BEGIN, candlesOf, HOUR, priceOf, quiet, store } from './stored.ts'

const { url } = await testDatabase()
let api: CoinGeckoServer
let hosted: HostedAgents
beforeAll(async () => {
  api = await startCoinGeckoServer()
  hosted = await hostedAgents({
    databaseUrl: url,
    yaml: `
sources:
  coingecko:
    base_url: ${api.url}/api/v3
    calls_per_minute: 1000
    retry: { attempts: 1 }
agents:
  mcp-crypto: { attempts: 1 }
  crypto-market:
    fetch: coingecko
    coins: [acorn, beech]
    alerts:
      - { when: above, price: '110.000000000000000001', coin: acorn }
      - { when: change, pct: 5, hours: 4 }
      - { when: anomaly, name: spike, candles: 2 }
`,
  })
})
afterAll(async () => {
  await hosted[Symbol.asyncDispose]()
  await api.close()
})

async function run(workflow: string, input: unknown = {}, name = 'crypto-market'): Promise<MarketReport> {
  const agent = await hosted.host.agent(name)
  return (await (
    await agent.submit(workflow, input)
  ).result) as MarketReport
}
const rows = async (sql: string) => (await hosted.platform.store.pool.query(sql)).rows
/** Alerts that went through the stream, as the consumers store them: a row each, from raising to clearing. */
const announced = () =>
  rows(`select coin_id, name, value::text, as_of < time as later, cleared_at > time as cleared from alerts
    where source = 'grove' and raised_by = 'crypto-market' order by time, 1, 2`)

describe('the stored market', () => {
  const last = BEGIN + 60 * HOUR
  const jump = '110.000000000000000002'

  test('is analysed; a condition raises one alert until it clears, in however many runs', async () => {
    await store(
      hosted.platform.store,
      [...candlesOf({ coin: 'acorn' }, [...quiet(60), jump]), ...candlesOf({ coin: 'beech' }, quiet(61, 2))],
      [priceOf({ coin: 'acorn' }, jump, last), priceOf({ coin: 'beech' }, '100.5', last)],
    )
    const report = await run('main', { fetch: false })
    expect(report.coins.map(({ coin, price, candle }) => [coin, price, candle])).toEqual([
      ['acorn', jump, '2026-01-03T12:00:00Z'],
      ['beech', '100.5', '2026-01-03T12:00:00Z'],
    ])
    expect(report.coins[0]?.indicators.map(({ name }) => name)).toContain('macd')
    expect(report.market.breadth).toContainEqual(expect.objectContaining({ source: 'grove', coins: 2 }))
    expect(report.alerts.raised.map(({ rule, coin }) => `${coin}: ${rule}`).sort()).toEqual([
      'acorn: above 110.000000000000000001',
      'acorn: change either 5% 4h',
      'acorn: spike',
    ])
    expect(report.text).toContain(`alert: acorn is at ${jump} usd, above 110.000000000000000001`)

    const again = await run('main', { fetch: false })
    expect(again.alerts).toEqual({ raised: [], cleared: [], active: report.alerts.active })
    expect({ ...again, alerts: 0, text: 0 }).toEqual({ ...report, alerts: 0, text: 0 })
    const noted = "select count(*)::int as n, count(distinct name)::int as rules from alert_ledger where source = 'grove'"
    expect(await rows(noted)).toEqual([{ n: 3, rules: 3 }])
    await until(async () => (await announced()).length === 3, 'three alerts in the stream')

    // It clears once its condition is over, and is raised again when the condition returns.
    const later = (minutes: number, price: string) =>
      store(hosted.platform.store, [], [priceOf({ coin: 'acorn' }, price, last + (minutes * HOUR) / 60)])
    await later(10, '110.000000000000000001')
    const over = await run('alerts')
    expect(over.alerts.cleared.map(({ rule }) => rule)).toEqual(['above 110.000000000000000001'])
    expect((await run('alerts')).alerts).toMatchObject({ raised: [], cleared: [] })
    await later(20, '111')
    const atOnce = await Promise.all([run('alerts'), run('alerts')])
    expect(atOnce.flatMap(({ alerts }) => alerts.raised)).toMatchObject([{ value: '111', coin: 'acorn' }])
    await until(async () => (await announced()).length === 4, 'a second alert of the rule in the stream')
    const name = 'above 110.000000000000000001'
    await until(async () => (await announced()).some(({ cleared }) => cleared), 'the clearing in the stream')
    expect((await announced()).filter((one) => one.name === name)).toEqual([
      { coin_id: 'acorn', name, value: jump, later: true, cleared: true },
      { coin_id: 'acorn', name, value: '111', later: true, cleared: null },
    ])
  })

  test('names coins without stored data, and refused rules and inputs', async () => {
    expect((await run('main', { coins: ['yew'], fetch: false })).missing).toEqual([
      { coin: 'yew', missing: 'nothing is stored in usd' },
    ])
    await expect(run('main', { coins: [] })).rejects.toMatchObject({ code: 'BAD_REQUEST', field: 'coins' })
    const { fetched } = await run('main', { coins: ['yew'] }, 'mcp-crypto')
    expect(fetched.problems[0]).toMatch(/prices: .*there is no MCP server "coingecko"/)
    const twins = [
      { when: 'above', price: 1, name: 'x' },
      { when: 'below', price: 1, name: 'x', coin: 'acorn' },
    ]
    expect(alertRules.safeParse(twins).error?.message).toMatch(
      /both named .*x.* and watch the same coin: give them different names/,
    )
    expect(alertRules.safeParse([{ when: 'above', price: 'much' }]).error?.message).toContain('much')
  })
})

describeWith('recorded-data', 'the market as CoinGecko tells it', () => {
  test('is published before the analysis; repeating a run changes no row', async () => {
    const held = () =>
      rows(`select 'price' as what, count(*)::int as n, min(price)::text as least from crypto_prices where source = 'coingecko'
        union all select timeframe, count(*)::int, min(low)::text from ohlcv_data where source = 'coingecko' group by 1
        union all select 'market', count(*)::int, null from market_analytics order by 1`)
    const first = await run('main', { coins: 'bitcoin,ethereum' })
    expect(first.fetched).toMatchObject({ from: 'coingecko', prices: 2, market: 1, stored: true, problems: [] })
    expect(first.fetched.candles).toBeGreaterThan(20)
    const stored = await held()
    expect(first.coins.map(({ coin, source }) => [coin, source])).toEqual([
      ['bitcoin', 'coingecko'],
      ['ethereum', 'coingecko'],
    ])
    const again = await run('main', { coins: ['bitcoin', 'ethereum'] })
    expect(again).toEqual(first)
    expect(await held()).toEqual(stored)
  })

  test('reports refusals of the provider, and works with stored records', async () => {
    api.push({ status: 500, body: '{}' }, { status: 500, body: '{}' })
    const { fetched, missing } = await run('main', { coins: ['yew'] })
    expect(fetched.problems.join()).toMatch(/prices: .*500/)
    expect(missing).toMatchObject([{ coin: 'yew' }])
  })
})
