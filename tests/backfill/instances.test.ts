import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Micros } from '../../lib/src/base/types/index.ts'
import { simulatedPrices } from '../../lib/src/publishers/sources/simulated/index.ts'
import { CryptoDataPlatform, loadConfig, openBackfill } from '../../lib/src/streaming/platform/index.ts'
import { testDatabase } from '../support/database.ts'
import { startHistoryServer } from '../support/historyServer.ts'
import { temporary } from '../support/temporary.ts'
import { until } from '../support/until.ts'

const database = await testDatabase()
const SECOND = 1_000_000
const INTERVAL_MS = 100

async function configOf(yaml: string) {
  const cwd = await temporary('instances')
  await writeFile(join(cwd, 'qicore.yaml'), yaml)
  return loadConfig({ cwd, env: { DATABASE_URL: database.url } }).config
}

test('two instances of one type run side by side: stopping one leaves a gap of that one only, with the reason, and its own history fills it', async () => {
  const market = `type: simulated, coins: [bitcoin], interval_ms: ${INTERVAL_MS}, market: false, candles: false`
  const config = await configOf(`sources:\n  north: { ${market}, seed: n }\n  south: { ${market}, seed: s }\n`)
  await using platform = new CryptoDataPlatform({ config })
  await platform.start()
  const { store, coverage } = platform
  const latest = async (source: string): Promise<Micros> =>
    (await store.dsl.getLatestPrices({ sources: [source] })).items[0]?.time ?? 0
  await until(async () => (await latest('north')) > 0 && (await latest('south')) > 0, 'prices of both')
  expect(platform.listSources().filter(({ state }) => state === 'running')).toMatchObject([
    { name: 'north', type: 'simulated' },
    { name: 'south', type: 'simulated' },
  ])
  const names = (await platform.health()).parts.map(({ name }) => name)
  expect(names).toEqual(expect.arrayContaining(['source north', 'source south']))

  await platform.stopSource('north')
  await until(async () => (await latest('south')) > (await latest('north')) + SECOND, 'a silence of north that counts')
  const stopped = await latest('north')
  await platform.startSource('north', {})
  await until(async () => (await latest('north')) > stopped, 'north again')
  const gaps = async () =>
    (await coverage.list({ types: ['price'] })).flatMap(({ source, gaps: found }) =>
      found.map(({ from, to, reason }) => ({ source, from, to, reason })),
    )
  const [gap, ...others] = await gaps()
  expect(others).toEqual([])
  expect(gap).toMatchObject({ source: 'north', reason: 'reconnect' })

  expect(await platform.backfill({ gaps: {} })).toMatchObject({ failures: [], empty: [] })
  await until(async () => (await gaps()).length === 0, 'the gap to be filled')
  for (const [source, seed] of [
    ['north', 'n'],
    ['south', 's'],
  ] as const) {
    const { rows } = await store.pool.query<{ at: string; price: string }>(
      `select (extract(epoch from time) * 1000000)::bigint::text as at, price::text from crypto_prices
       where source = $1 and time >= to_timestamp($2) order by time`,
      [source, Math.floor((gap?.from ?? 0) / SECOND)],
    )
    const span = { from: Number(rows[0]?.at), to: Number(rows.at(-1)?.at) + 1 }
    const truth = [...simulatedPrices({ ...span, coins: ['bitcoin'], seed, step: INTERVAL_MS * 1000 })]
    expect(rows.map(({ at, price }) => [Number(at), price])).toEqual(truth.map(({ time, price }) => [time, price]))
  }
})

test('the history of an instance has its name as source', async () => {
  await using server = await startHistoryServer()
  const settings = `type: coingecko, base_url: "${server.url}", calls_per_minute: 6000`
  const config = await configOf(`sources: { run: [], second: { ${settings} } }\n`)
  await using backfill = await openBackfill({ config })
  const to = (Math.floor(Date.now() / 86_400_000) - 9) * 86_400 * SECOND
  const request = { coins: ['coin-a'], source: 'second', from: to - 86_400 * SECOND, to }
  expect(await backfill.run(await backfill.plan(request))).toMatchObject({ failures: [], empty: [] })
  expect(await backfill.coverage.list({ coins: ['coin-a'] })).toMatchObject([{ source: 'second', gaps: [] }])
})
