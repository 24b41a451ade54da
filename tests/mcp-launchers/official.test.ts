import { expect, onTestFinished, test } from 'vitest'
import { ControlConnection, createOwnTable, openStore } from '../../lib/src/base/database/index.ts'
import { silentLogger } from '../../lib/src/base/types/index.ts'
import {
  type LauncherContext,
  type LauncherDefinition,
  MCPServerManager,
  OfficialCoinGeckoMCPLauncher,
  OfficialPostgresMCPLauncher,
} from '../../lib/src/mcp-launchers/index.ts'
import { ensureServerRole } from '../../lib/src/mcp-launchers/postgres/readerRole.ts'
import { CoinGeckoClient, CoinGeckoDSL, CryptoMCPWrapper } from '../../lib/src/publishers/index.ts'
import { startCoinGeckoServer } from '../support/coingeckoServer.ts'
import { createDatabase } from '../support/database.ts'
import { mcpServersFolder } from '../support/run/available.ts'
import { describeWith } from '../support/services.ts'
import { temporary } from '../support/temporary.ts'
import { until } from '../support/until.ts'
import { goneSoon, quick, textOf } from './fixture.ts'

async function launched(launcher: LauncherDefinition, context: Partial<LauncherContext>): Promise<MCPServerManager> {
  const all = { serversFolder: mcpServersFolder(), env: process.env, logger: silentLogger, ...context }
  expect((await launcher.preconditions(all)).filter(({ ok }) => !ok)).toEqual([])
  const { spec, supervision, close } = await launcher.launch(all)
  const manager = new MCPServerManager()
  onTestFinished(async () => {
    await manager.stop()
    await close?.()
  })
  await manager.start(launcher.name, spec, { ...supervision, ...quick })
  return manager
}

async function killAndWait(manager: MCPServerManager): Promise<void> {
  const { pid = 0 } = manager.health()[0] ?? {}
  process.kill(pid, 'SIGKILL')
  await goneSoon(pid)
  await until(() => manager.health()[0]?.state === 'ready' && manager.health()[0]?.restarts === 1, 'another start')
}

const PRICE = '{"bitcoin":{"usd":123456789012345.12345678,"eur":5.6e-11,"last_updated_at":1700000000}}'

describeWith('mcp-servers', "CoinGecko's server", () => {
  test('carries out the verbs as REST does, to the last digit, without ever having the key', async () => {
    const key = 'CG-a-secret-key-of-ours'
    const api = await startCoinGeckoServer({
      recordings: false,
      answer: ({ path }) => (path === '/simple/price' ? { body: PRICE } : undefined),
    })
    onTestFinished(() => api.close())
    const headers = { 'x-cg-demo-api-key': key }
    const manager = await launched(OfficialCoinGeckoMCPLauncher, { coingecko: { baseUrl: `${api.url}/api/v3`, headers } })
    expect(manager.tools().map(({ name }) => name)).toEqual(['coingecko__execute', 'coingecko__search_docs'])

    const overMcp = new CryptoMCPWrapper({ caller: manager, attempts: 1 })
    const overRest = new CoinGeckoDSL(new CoinGeckoClient({ baseUrl: `${api.url}/api/v3`, attempts: 1 }))
    const input = { coins: ['bitcoin'], currencies: ['usd', 'eur'] }
    const [mcp, rest] = [await overMcp.getCurrentPrices(input), await overRest.getCurrentPrices(input)]
    const undated = ({ records }: typeof rest) => records.map((record) => ({ ...record, receivedAt: 0 }))
    expect(undated(mcp)).toEqual(undated(rest))
    expect(mcp.records.map(({ price }) => price)).toEqual(['123456789012345.12345678', '0.000000000056'])
    expect(api.asked[0]?.headers['x-cg-demo-api-key']).toBe(key)
    expect(api.asked[0]?.query.toString()).toBe(api.asked[1]?.query.toString())

    api.push({ status: 429, headers: { 'retry-after': '7' }, body: '{"status":{"error_code":429,"error_message":"slow down"}}' })
    await expect(overMcp.getCurrentPrices(input)).rejects.toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: 7000 })

    const spying = `async function run(client) {
      const outer = globalThis as unknown as Record<string, { env: { toObject(): unknown } }>;
      const local = await fetch(${JSON.stringify(api.url)}).then(() => 'reached', (error) => String(error));
      return { env: outer['Deno'].env.toObject(), keys: [client.demoAPIKey, client.proAPIKey], local };
    }`
    const seen = textOf(await manager.callTool('coingecko__execute', { code: spying }))
    expect(seen).toContain('held-by-the-gateway')
    expect(seen).not.toContain(key)
    if (process.platform === 'linux') expect(seen).toContain('NotCapable')

    await killAndWait(manager)
    expect((await new CryptoMCPWrapper({ caller: manager, attempts: 1 }).getCurrentPrices(input)).records).toHaveLength(2)
  })

  test('missing parts are named with their remedies', async () => {
    const context = { serversFolder: '/nowhere', env: process.env, logger: silentLogger }
    await expect(OfficialCoinGeckoMCPLauncher.launch(context)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('qicore mcp install coingecko'),
    })
  })
})

describeWith('mcp-servers', 'DBHub', () => {
  test('reads the store in a role that can do nothing else', async () => {
    const { url, drop } = await createDatabase('embedded')
    onTestFinished(drop)
    const pg = await import('pg')
    const owner = new pg.default.Client(url)
    await owner.connect()
    onTestFinished(() => owner.end())
    await using store = await openStore({ databaseUrl: url, home: await temporary('home') })
    await createOwnTable(store.pool, store.layout.layout, {
      table: 'canary',
      columns: [{ name: 'n', type: 'numeric' }],
      key: [],
      chunkDays: 7,
    })
    await owner.query('insert into canary values (now(), 0.12345678901234567890123)')
    const manager = await launched(OfficialPostgresMCPLauncher, { databaseUrl: url })
    expect(manager.tools().map(({ name }) => name)).toContain('postgres__execute_sql')
    const sql = (text: string) => manager.callTool('postgres__execute_sql', { sql: text })
    expect(textOf(await sql('select n::text, current_user from canary'))).toMatch(/0\.12345678901234567890123[\s\S]*qicore_mcp_/)
    const attacks = [
      'drop table canary',
      'select 1; drop table canary',
      'with gone as (delete from canary returning 1) select * from gone',
      'set transaction read write; delete from canary',
    ]
    for (const attack of attacks) expect((await sql(attack)).isError, attack).toBe(true)
    // And where DBHub's own check would fail: the role itself.
    await using control = new ControlConnection(() => url)
    const reader = new pg.default.Client((await ensureServerRole(url, control)).url)
    await reader.connect()
    onTestFinished(() => reader.end())
    await reader.query('set default_transaction_read_only = off')
    await expect(reader.query('delete from canary')).rejects.toMatchObject({ code: '42501' })
    await expect(reader.query('create table mine (n int)')).rejects.toMatchObject({ code: '42501' })
    expect((await owner.query('select count(*)::int as n from canary')).rows).toEqual([{ n: 1 }])
    await killAndWait(manager)
    expect(textOf(await sql('select count(*) from canary'))).toContain('1')
  })
})
