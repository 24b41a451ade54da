import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { CryptoDataPlatform, loadConfig } from '../../lib/src/streaming/platform/index.ts'
import { fixtureSpec, goneSoon } from '../mcp-launchers/fixture.ts'
import { createDatabase } from '../support/database.ts'
import { until } from '../support/until.ts'

test('the configured MCP servers run with the platform; one that cannot start degrades it and stops nothing else', async () => {
  const { url, drop } = await createDatabase()
  onTestFinished(drop)
  const folder = await mkdtemp(join(tmpdir(), 'servers-'))
  await writeFile(join(folder, 'servers.json'), JSON.stringify({ mcpServers: { mine: fixtureSpec(), unnamed: fixtureSpec() } }))
  const settings = {
    sources: { run: [] },
    mcp: { servers: ['mine', 'coingecko', 'nobody'], file: join(folder, 'servers.json'), folder },
  }
  await writeFile(join(folder, 'qicore.yaml'), JSON.stringify(settings))
  const { config } = loadConfig({ cwd: folder, env: { DATABASE_URL: url } })
  const platform = new CryptoDataPlatform({ config })
  onTestFinished(() => platform.stop())
  await platform.initialize()
  const parts = async () => (await platform.health()).parts.filter(({ name }) => name.startsWith('MCP server'))
  await until(async () => {
    const all = await parts()
    return all.length === 3 && all.some(({ status }) => status === 'up')
  }, 'the servers')
  const byName = Object.fromEntries((await parts()).map((part) => [part.name, part]))
  expect(byName['MCP server mine']).toMatchObject({ status: 'up', summary: expect.stringContaining('fixture 1.2.3') })
  expect(byName['MCP server coingecko']).toMatchObject({
    status: 'degraded',
    summary: expect.stringContaining('qicore mcp install coingecko'),
  })
  expect(byName['MCP server nobody']).toMatchObject({
    status: 'degraded',
    summary: expect.stringContaining('"nobody" is neither in'),
  })
  expect((await platform.health()).status).toBe('degraded')
  const pid = platform.mcpServers?.health()[0]?.pid ?? 0
  expect(pid).toBeGreaterThan(0)
  await platform.stop()
  await goneSoon(pid)
})
