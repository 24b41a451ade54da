import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { MarketReport } from '../../../lib/src/publishers/agents/shared/report.ts'
import { type CoinGeckoServer, startCoinGeckoServer } from '../../support/coingeckoServer.ts'
import { testDatabase } from '../../support/database.ts'
import { mcpServersFolder } from '../../support/run/available.ts'
import { describeWith } from '../../support/services.ts'
import { until } from '../../support/until.ts'
import { type HostedAgents, hostedAgents } from '../hostedAgents.ts'

const { url } = await testDatabase()
let api: CoinGeckoServer
let hosted: HostedAgents
beforeAll(async () => {
  api = await startCoinGeckoServer()
  hosted = await hostedAgents({
    databaseUrl: url,
    yaml: `
sources: { coingecko: { base_url: "${api.url}/api/v3" } }
mcp: { servers: [coingecko], folder: "${mcpServersFolder()}" }
agents:
  mcp-crypto:
    attempts: 1
    alerts:
      - { when: above, price: 1 }
`,
  })
})
afterAll(async () => {
  await hosted[Symbol.asyncDispose]()
  await api.close()
})

async function run(input: unknown): Promise<MarketReport> {
  const agent = await hosted.host.agent('mcp-crypto')
  return (await (
    await agent.submit('main', input)
  ).result) as MarketReport
}
const rows = async (sql: string) => (await hosted.platform.store.pool.query(sql)).rows

describeWith(['mcp-servers', 'recorded-data'], "the market through CoinGecko's own MCP server", () => {
  test('is fetched, stored and analysed by tools alone; repeating a run changes nothing', async () => {
    await until(() => hosted.platform.mcpServers?.health()[0]?.state === 'ready', 'the server')
    const held = () =>
      rows(`select 'price' as what, count(*)::int as n, sum(price)::text as sum from crypto_prices where source = 'coingecko'
        union all select timeframe, count(*)::int, sum(close)::text from ohlcv_data where source = 'coingecko' group by 1
        union all select 'market', count(*)::int, sum(total_market_cap)::text from market_analytics
        union all select 'alerts', count(*)::int, count(cleared_at)::text from alerts order by 1`)
    const before = api.asked.length
    const first = await run({ coins: ['bitcoin'] })
    expect(first.fetched).toMatchObject({ from: 'MCP server coingecko', prices: 1, market: 1, stored: true, problems: [] })
    expect(first.coins.map(({ coin, source }) => [coin, source])).toEqual([['bitcoin', 'coingecko']])
    expect(first.alerts.raised.map(({ coin }) => coin)).toEqual(['bitcoin'])
    const alert = { what: 'alerts', n: 1, sum: '0' }
    await until(async () => (await held()).some((row) => isDeepStrictEqual(row, alert)), 'the alert to be stored')
    const stored = await held()
    const calls = api.asked.length - before
    const again = await run({ coins: ['bitcoin'] })
    expect(api.asked.length).toBe(before + 2 * calls)
    expect(again.alerts).toEqual({ raised: [], cleared: [], active: first.alerts.active })
    expect(await held()).toEqual(stored)
  })
  test('reports refusals of the provider by its name', async () => {
    await until(() => hosted.platform.mcpServers?.health()[0]?.state === 'ready', 'the server')
    api.push({ status: 429, headers: { 'retry-after': '1' }, body: '{}' })
    const report = await run({ coins: ['yew'] })
    expect(report.fetched.problems[0]).toMatch(/prices: .*429|limit/i)
    expect(report.missing).toMatchObject([{ coin: 'yew' }])
  })
})
