import { expect, it, onTestFinished } from 'vitest'
import {
  Coverage,
  convertToHypertables,
  openStore,
  type Store,
  storedLayout,
  storeStatistics,
  TIME_TABLES,
} from '../../lib/src/base/database/index.ts'
import { nowMicros } from '../../lib/src/base/types/index.ts'
import { makeProject } from '../app/cli/project.ts'
import { document, qicore } from '../app/cli/qicore.ts'
import { Random } from '../chaos/random.ts'
import { createDatabase } from '../support/database.ts'
import { describeWith } from '../support/services.ts'
import { until } from '../support/until.ts'
import { answers, candles, write } from './answers.ts'
import { DAY, market } from './market.ts'

const SEED = 20260606
const end = nowMicros() - (nowMicros() % DAY)

async function freshDatabase(): Promise<string> {
  const { url, drop } = await createDatabase('timescaledb')
  onTestFinished(drop)
  return url
}

const opened = async (url: string, layout: 'auto' | 'plain' | 'hypertables'): Promise<Store> => {
  const store = await openStore({ databaseUrl: url, home: '/nowhere', layout })
  onTestFinished(() => store.close())
  return store
}

const asked = async (store: Store) => [await candles(store, end, end - 100 * DAY), await answers(store, end)]

describeWith('timescaledb', 'converting plain tables', () => {
  it('keeps every answer, including rolled-up bars of dropped records, and compresses afterwards', async () => {
    const url = await freshDatabase()
    const plain = await opened(url, 'plain')
    await write(plain, market(new Random(SEED), end))
    await plain.rollups.turnOn()
    await plain.rollups.catchUp()
    await plain.timescale.policies.setRetention('trades', 15)
    await plain.timescale.policies.applyRetention()
    const before = await asked(plain)
    const rows = async (store: Store) =>
      (await storeStatistics(store)).tables.flatMap(({ table, rows }) => (table === 'rollups' ? [] : [[table, rows]]))
    const counted = await rows(plain)

    const steps: string[] = []
    expect(
      await convertToHypertables(plain.pool, {
        onStep: ({ table, milliseconds }) => void (milliseconds !== undefined && steps.push(table)),
      }),
    ).toMatchObject({
      rollups: 'aggregates',
    })
    expect(steps).toEqual([...Object.keys(TIME_TABLES), 'rollups'])
    await plain.close()

    const store = await opened(url, 'hypertables')
    expect(store.layout).toEqual({ layout: 'hypertables', reason: 'qicore store convert made them so' })
    expect(await store.troubles()).toEqual([])
    expect(await rows(store)).toEqual(counted)
    expect((await storeStatistics(store)).tables.find(({ table }) => table === 'trades')?.chunks).toBeGreaterThan(10)
    await store.rollups.catchUp()
    expect(await store.rollups.status()).toMatchObject({ keeper: 'aggregates', pending: 0 })
    expect(await asked(store)).toEqual(before)
    // New writes work, are marked for the rollups, and are compressed.
    await write(store, market(new Random(SEED), end))
    expect((await store.rollups.status()).pending).toBeGreaterThan(0)
    await store.rollups.catchUp()
    await store.timescale.policies.setCompression('trades', 7)
    await store.pool.query("select compress_chunk(c, true) from show_chunks('trades_rows') as c")
    expect(await store.check()).toMatchObject({ ok: expect.any(Boolean) })
    await expect(convertToHypertables(store.pool)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('hypertables already'),
    })
  })

  it('keeps the coarser bars of a time without records in any series', async () => {
    const url = await freshDatabase()
    const plain = await opened(url, 'plain')
    await write(plain, { trades: market(new Random(SEED), end).trades })
    await plain.rollups.turnOn()
    await plain.rollups.catchUp()
    await plain.timescale.policies.setRetention('trades', 10)
    await plain.timescale.policies.applyRetention()
    const bars = (store: Store) =>
      store.dsl.getOHLCV({ coin: 'traded', timeframe: '4h', from: end - 40 * DAY, to: end, limit: 1000 })
    const before = (await bars(plain)).candles
    expect(before.filter(({ time }) => time < end - 11 * DAY).length).toBeGreaterThan(30)
    expect(await convertToHypertables(plain.pool)).toMatchObject({ rollups: 'aggregates' })
    await plain.close()
    const store = await opened(url, 'auto')
    await store.rollups.catchUp()
    expect((await bars(store)).candles).toEqual(before)
    expect((await store.pool.query("select from qicore_settings where name = 'rollups.refresh'")).rowCount).toBe(0)
  })

  it('keeps the bars of stored candles whose records are gone', async () => {
    const url = await freshDatabase()
    const plain = await opened(url, 'plain')
    await write(plain, market(new Random(SEED), end))
    await plain.rollups.turnOn()
    await plain.rollups.catchUp()
    await plain.timescale.policies.setRetention('ohlcv_data', 20)
    await plain.timescale.policies.applyRetention()
    const bars = async ({ pool }: Store) =>
      (
        await pool.query(
          "select * from rollup_1d where built_from = 'candles' and time < now() - interval '22 days' order by coin_id, time",
        )
      ).rows
    const [before, kept] = [await asked(plain), await bars(plain)]
    expect(kept.length).toBeGreaterThan(100)
    expect(await convertToHypertables(plain.pool)).toMatchObject({ rollups: 'aggregates' })
    await plain.close()
    const store = await opened(url, 'auto')
    await store.rollups.turnOn()
    await store.rollups.catchUp()
    expect(await store.rollups.status()).toMatchObject({ keeper: 'aggregates', pending: 0 })
    expect(await bars(store)).toEqual(kept)
    expect(await asked(store)).toEqual(before)
    expect(await store.troubles()).toEqual([])
  })

  it('changes nothing if it fails, and can be repeated', async () => {
    const url = await freshDatabase()
    const plain = await opened(url, 'plain')
    await write(plain, market(new Random(SEED), end))
    await plain.rollups.turnOn()
    const stop = new AbortController()
    const stopped = convertToHypertables(plain.pool, {
      signal: stop.signal,
      onStep: ({ table }) => {
        if (table === 'trades') stop.abort()
      },
    })
    await expect(stopped).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(await storedLayout(plain.pool)).toBe('plain')
    expect(await plain.troubles()).toEqual([])
    // The server ends the transaction when it notices that the client is gone.
    await until(async () => {
      await plain.rollups.catchUp()
      const { keeper, pending } = await plain.rollups.status()
      return keeper === 'tables' && pending === 0
    }, 'the rollups to go on')
    expect(await convertToHypertables(plain.pool)).toMatchObject({ rollups: 'aggregates' })
  })

  it('is refused while a platform runs, or while a session, which it names, uses the tables', async () => {
    const plain = await opened(await freshDatabase(), 'plain')
    const session = await (await Coverage.open(plain.pool)).begin('')
    await expect(convertToHypertables(plain.pool)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('a platform runs on this store'),
    })
    await session.end()
    const client = await plain.pool.connect()
    onTestFinished(() => client.release(true))
    await client.query('begin; select from trades_rows')
    await expect(convertToHypertables(plain.pool)).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringContaining('stay in use'),
    })
    await client.query('rollback')
    await convertToHypertables(plain.pool)
  })

  it('by the command line: asks, converts, compresses, writes to the audit log', async () => {
    const url = await freshDatabase()
    await (await opened(url, 'plain')).close()
    await using project = await makeProject('convert', 'store: { compress_after: 7 }\n')
    const run = (env: Readonly<Record<string, string>>, ...args: string[]) =>
      qicore(args, { cwd: project.cwd, env: { DATABASE_URL: url, QICORE_SOURCES: 'none', ...env } })
    const unasked = await run({}, 'store', 'convert')
    expect(unasked.code).not.toBe(0)
    expect(unasked.stderr).toMatch(/nothing was done: Make hypertables of 8 tables with 0 rows, .* add --yes to agree/)
    const contradicting = await run({ QICORE_STORE_LAYOUT: 'plain' }, 'store', 'convert', '--yes')
    expect(contradicting.stderr).toContain('store.layout is plain, and the platform would not start with hypertables')
    const converted = await run({ QICORE_STORE_LAYOUT: 'hypertables' }, 'store', 'convert', '--yes')
    expect(converted.code).toBe(0)
    expect(converted.stderr).toMatch(/^8 of 8: rollups, done in /m)
    expect(converted.stdout).toMatch(/^8 tables are hypertables now: /m)
    expect(document(await run({}, 'audit', '--tool', 'qicore store convert', '--json'))).toMatchObject([
      { outcome: 'done', effect: 'write' },
    ])
    expect(document(await run({}, 'store', '--json'))).toMatchObject({
      layout: 'hypertables',
      layout_reason: 'qicore store convert made them so',
      tables: expect.arrayContaining([expect.objectContaining({ table: 'trades', compress_after_days: 7 })]),
    })
    const again = await run({}, 'store', 'convert', '--yes')
    expect(again.stderr).toContain('hypertables already')
  })
})
