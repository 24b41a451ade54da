import { existsSync, readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { readPage } from './page.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const page = await readPage('charter.md')

interface Row {
  readonly names: readonly string[]
  readonly line: string
  readonly file: string
}

/** The rows that name a file: what stands in code in their first column, before a bracket. */
const rows: readonly Row[] = page.split('\n').flatMap((line) => {
  const file = /^\|.*\| `([^`]+\.ts)` \|$/.exec(line)?.[1]
  const [, first = ''] = line.split('|')
  const names = [...first.replace(/\(.*\)/, '').matchAll(/`([^`]+)`/g)].map(([, name]) => name as string)
  return file ? [{ names, line, file }] : []
})

async function resolveName(name: string, file: string): Promise<unknown> {
  const module = (await import(/* @vite-ignore */ pathToFileURL(resolve(ROOT, file)).href)) as Record<string, unknown>
  const [exported = '', method] = name.split('.')
  const definitions = Object.values(module).find((value) => value && typeof value === 'object' && exported in value)
  const found = module[exported] ?? (definitions as Record<string, unknown> | undefined)?.[exported]
  return method === undefined ? found : (found as { prototype: Record<string, unknown> } | undefined)?.prototype[method]
}

test.each(rows.flatMap(({ names, file }) => names.map((name) => [name, file] as const)))('%s is in %s', async (name, file) => {
  const found = await resolveName(name, file)
  if (name.includes('.')) expect(typeof found).toBe('function')
  else expect(['function', 'object']).toContain(typeof found)
})

test('each row that names a file names what is in it', () => {
  expect(rows.length).toBeGreaterThan(40)
  expect(rows.filter(({ names }) => names.length === 0)).toEqual([])
})

/** Names of the charter that no row may lack. */
const NAMED =
  `TimescaleClient DrizzleClient insertCryptoPrices CryptoFinancialDSL storePrices CryptoDataTools StreamCryptoDataTool
  TimescaleTools TimescaleDBFinancialTools AnalyticsTools StoreCryptoPricesTool RedpandaTools DockerServiceAgent DockerServiceDSL
  DockerMCPWrapper startCryptoPlatform CryptoMarketAgent MCPCryptoAgent CryptoMCPWrapper CryptoDSL createMarketAnalysisWorkflow
  CoinGeckoClient CoinGeckoDSL getPrices CryptoDataConsumer PriceConsumer OHLCVConsumer AnalyticsConsumer DataStoreAgent AnalyticsAgent
  TimescaleDBMCPWrapper TimescaleDBDSL RedpandaClient RedpandaMCPLauncher RedpandaConfig CryptoDataPlatform CryptoPlatformAgent
  initialize startMCPServers startDataFlow startMonitoring OfficialRedpandaMCPLauncher OfficialPostgresMCPLauncher OfficialCoinGeckoMCPLauncher MCPServerManager startAll
  startRedpandaMCP startPostgresMCP startCoinGeckoMCP BaseAgent MCPWrapper CryptoDataPublisher`.split(/\s+/)

test.each(NAMED)('the page has a row for %s', (name) => {
  expect(page).toMatch(new RegExp(`^\\|.*\\b${name}\\b.*\\|$`, 'm'))
})

test('a row that says "not there yet" is removed once it is there', () => {
  const has = (folder: string) => existsSync(resolve(ROOT, folder)) && readdirSync(resolve(ROOT, folder)).length > 0
  const absent = (row: string) => new RegExp(`^\\| ${row}.*\\*\\*not there yet\\*\\*`, 'm').test(page)
  expect(absent('Twelve Data')).toBe(!has('lib/src/publishers/sources/twelvedata'))
  expect(absent('ETL transformations')).toBe(!has('lib/src/streaming/transforms'))
  expect(absent('visual pipeline builder')).toBe(!has('app/web'))
})
