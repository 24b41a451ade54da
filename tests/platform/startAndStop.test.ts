import { expect, test } from 'vitest'
import { CryptoDataPlatform, loadConfig } from '../../lib/src/streaming/platform/index.ts'
import { testDatabase } from '../support/database.ts'
import { temporary } from '../support/temporary.ts'
import { until } from '../support/until.ts'

const database = await testDatabase()
const configOf = async () =>
  loadConfig({ cwd: await temporary('start'), env: { DATABASE_URL: database.url, QICORE_SOURCES: 'simulated' } }).config

test('MCP servers, monitoring and data flow can be started one by one; a second start of each changes nothing', async () => {
  await using platform = new CryptoDataPlatform({ config: await configOf() })
  await platform.initialize()
  expect(platform.mcpServers).toBeDefined()
  expect(platform.getStatus()).toMatchObject({ state: 'initialized', parts: [] })
  await platform.startMonitoring()
  const monitoring = ['rollups', 'janitor']
  const parts = () => platform.getStatus().parts.map(({ name }) => name)
  expect(parts()).toEqual(monitoring)
  await platform.startDataFlow()
  const all = ['source simulated', ...monitoring, 'consumer crypto-data', 'group keeper']
  expect(parts()).toEqual(all)
  platform.startMCPServers()
  await platform.start()
  expect(parts()).toEqual(all)
  expect(platform.getStatus().state).toBe('running')
  await until(() => platform.deliveries.stats().some(({ written }) => written > 0), 'records in the store')
  await platform.stop()
  expect(platform.getStatus()).toMatchObject({ state: 'stopped' })
  expect(platform.getStatus().parts.every(({ state }) => state === 'stopped')).toBe(true)
})

test('a command has neither heartbeat nor upkeep, and no MCP servers', async () => {
  await using platform = new CryptoDataPlatform({ config: await configOf(), role: 'command' })
  await platform.start()
  expect(platform.mcpServers).toBeUndefined()
  expect(platform.getStatus().parts.map(({ name }) => name)).toEqual(['source simulated', 'consumer crypto-data'])
  expect(await platform.coverage.platformRuns()).toBe(false)
})

test('a platform that was never initialized, or could not be, stops without an error', async () => {
  const config = await configOf()
  const unused = new CryptoDataPlatform({ config })
  expect(() => unused.store).toThrow('call initialize() first')
  await unused.stop()
  await expect(unused.start()).rejects.toMatchObject({ code: 'CONFLICT' })
  const unreachable = new CryptoDataPlatform({
    config: { ...config, redpanda: { ...config.redpanda, brokers: ['127.0.0.1:1'] } },
  })
  await expect(unreachable.initialize(AbortSignal.timeout(500))).rejects.toThrow()
  await unreachable.stop()
})
