import { expect, onTestFinished, test } from 'vitest'
import { dataAcquiring } from '../../../lib/src/publishers/agents/data-acquiring/index.ts'
import { createDatabase } from '../../support/database.ts'
import { mcpServersFolder } from '../../support/run/available.ts'
import { describeWith } from '../../support/services.ts'
import { until } from '../../support/until.ts'
import { hostedAgents } from '../hostedAgents.ts'
import { startOhlcServer } from './ohlcServer.ts'

describeWith('mcp-servers', "a watch list through CoinGecko's own MCP server", () => {
  test('is kept, within the same limit', async () => {
    const database = await createDatabase()
    onTestFinished(database.drop)
    await using server = await startOhlcServer()
    await using hosted = await hostedAgents({
      databaseUrl: database.url,
      yaml: `
sources: { coingecko: { base_url: "${server.server.url}" } }
mcp: { servers: [coingecko], folder: "${mcpServersFolder()}" }
agents:
  data-acquiring:
    through: mcp
    watch: [{ coins: [acorn, birch], kind: ohlc, max_age: 1h }]
`,
      definitions: { 'data-acquiring': dataAcquiring },
    })
    await until(() => hosted.platform.mcpServers?.health()[0]?.state === 'ready', 'the server')
    const agent = await hosted.host.agent('data-acquiring')
    const run = await agent.submit('main', {})
    expect(await run.result).toMatchObject({ calls: 2, failed: 0, records: 24, failing: [] })
    expect(server.calls.map(({ coin }) => coin).sort()).toEqual(['acorn', 'birch'])
    expect(await hosted.platform.rateLimits()).toMatchObject([{ service: 'CoinGecko', limit: 10, free: 8 }])
  })
})
