import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type SourceDefinition, silentLogger } from '../../lib/src/base/types/index.ts'
import { CryptoDataPlatform, loadConfig } from '../../lib/src/streaming/platform/index.ts'
import { sourceSuite } from '../contracts/sourceSuite.ts'
import { testDatabase } from '../support/database.ts'
import { temporary } from '../support/temporary.ts'
import { until } from '../support/until.ts'
import { type CheckoutCopy, copyOfCheckout } from './checkoutCopy.ts'
import { blocksOf, readPage } from './page.ts'

const { url: databaseUrl } = await testDatabase()
const FIRST = Date.UTC(2026, 0, 2)

/** A provider whose every answer has one trade more, of more digits than a float holds, and one that is none. */
async function startProvider() {
  const asked: URL[] = []
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://provider')
    asked.push(url)
    const id = Number(url.searchParams.get('after') ?? 0) + 1
    const trade = `{"id":${id},"at":${FIRST + id},"price":${id}.1234567890123456789,"amount":0.5,"side":"buy"}`
    response.end(`[${trade},{"id":"none"}]`)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    asked,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** The page, done literally in a copy of the checkout. */
describe('docs/adding-a-source.md', () => {
  let checkout: CheckoutCopy
  let provider: Awaited<ReturnType<typeof startProvider>>
  let example: SourceDefinition

  beforeAll(async () => {
    provider = await startProvider()
    checkout = await copyOfCheckout({ DATABASE_URL: databaseUrl, EXAMPLE_BASE_URL: provider.url, SECOND_BASE_URL: provider.url })
    let said = ''
    for (const { language, file, text } of blocksOf(await readPage('adding-a-source.md'))) {
      if (file !== undefined) {
        await mkdir(dirname(join(checkout.folder, file)), { recursive: true })
        await writeFile(join(checkout.folder, file), text)
      } else if (language === 'text') for (const line of text.trim().split('\n')) expect(said).toContain(line)
      else said = await checkout.inCheckout('bash', '-euc', text)
    }
    const module = pathToFileURL(join(checkout.folder, 'lib/src/publishers/sources/example/index.ts')).href
    example = ((await import(/* @vite-ignore */ module)) as { example: SourceDefinition }).example
  })
  afterAll(() => provider.close())

  const open = async (name: string, base_url: string) =>
    example.open(example.config.parse({ base_url, interval_ms: 100, pairs: ['AAA/USDT', 'BBB/USDT'] }), {
      name,
      logger: silentLogger,
    })

  sourceSuite('the example of the page', {
    async open(name) {
      const own = await startProvider()
      return { source: await open(name, own.url), work: () => own.asked.length, dispose: own.close }
    },
    async openUnreachable(name) {
      const own = await startProvider()
      await own.close()
      return { source: await open(name, own.url) }
    },
  })

  test('gives two instances whose checks the doctor shows', async () => {
    const said = await checkout.inCheckout('bash', '-c', 'npx qicore doctor; true')
    expect(said).toMatch(/source example .*Example answered in/)
    expect(said).toMatch(/source second .*Example answered in/)
  })

  test('gives exact trades under the names of the instances, and no gap between their numbers', async () => {
    const { config } = loadConfig({
      cwd: await temporary('added-source'),
      env: { DATABASE_URL: databaseUrl, QICORE_SOURCES: 'none' },
    })
    const settings = (pair: string) => example.config.parse({ base_url: provider.url, interval_ms: 100, pairs: [pair] })
    const instances = new Map(
      (['example', 'second'] as const).map((name) => [name, { name, type: example, settings: settings(`${name}/USDT`) }]),
    )
    await using platform = new CryptoDataPlatform({ config: { ...config, sources: { run: ['example', 'second'], instances } } })
    await platform.start()
    const rows = async () =>
      (
        await platform.store.pool.query<{ source: string; coin_id: string; sequence: string; price: string }>(
          'select source, coin_id, sequence::text, price::text from trades order by sequence',
        )
      ).rows
    const of = async (name: string) => (await rows()).filter(({ source }) => source === name)
    await until(async () => (await of('example')).length > 2 && (await of('second')).length > 2, 'trades of both')
    for (const name of ['example', 'second'])
      expect((await of(name)).slice(0, 3)).toEqual(
        [1, 2, 3].map((id) => ({
          source: name,
          coin_id: `${name}/USDT`,
          sequence: String(id),
          price: `${id}.1234567890123456789`,
        })),
      )
    const series = await platform.coverage.list({ types: ['trade'] })
    expect(series.flatMap(({ gaps }) => gaps)).toEqual([])
  })

  test('whose code keeps the rules of the house', async () => {
    await checkout.inCheckout('npx', 'biome', 'check', 'lib/src/publishers/sources/example')
    await checkout.checkTypes()
    expect(await checkout.inCheckout('node', 'scripts/lint-imports.mjs')).toMatch(/all allowed/)
  })
})
