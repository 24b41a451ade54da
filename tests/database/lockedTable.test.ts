import pg from 'pg'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ControlConnection } from '../../lib/src/base/database/connections/ControlConnection.ts'
import { openStore, type Store, type StoreConfig, withClient } from '../../lib/src/base/database/index.ts'
import { Troubles } from '../../lib/src/base/database/trouble/Troubles.ts'
import { price } from '../../lib/src/base/types/index.ts'
import { createDatabase } from '../support/database.ts'
import { until } from '../support/until.ts'
import { aPrice } from './records.ts'

async function open(config: Partial<StoreConfig> = {}): Promise<{ readonly store: Store; readonly url: string }> {
  const { url, drop } = await createDatabase()
  onTestFinished(drop)
  const store = await openStore({ databaseUrl: url, home: '/nowhere', readers: 3, writers: 2, ...config })
  onTestFinished(() => store.close())
  return { store, url }
}

/** Another user of the database. */
async function somebody(url: string, sql: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'a careless psql' })
  client.on('error', () => {})
  onTestFinished(() => client.end().catch(() => {}))
  await client.connect()
  await client.query(sql)
  return client
}

const pidOf = (client: pg.Client): number => (client as unknown as { readonly processID: number }).processID

/** A query that reads the prices themselves. */
const candles = async (store: Store) => (await store.dsl.getOHLCV({ coin: 'bitcoin', timeframe: '1h' })).candles

describe('a table that another session has locked', () => {
  it('is named with its holder and the remedy by readers, writers and the check; others work; it is up again at once', async () => {
    const { store, url } = await open()
    await store.timescale.upsert(price, [aPrice()])
    const holder = await somebody(url, 'begin; lock table crypto_prices_rows in access exclusive mode')
    const sentence = new RegExp(
      `^the table crypto_prices_rows is locked by process ${pidOf(holder)} of the database \\(a careless psql, user \\w+, since 20\\d\\d-\\d\\d-\\d\\dT[\\d:]+Z\\); commit or end it there, or select pg_terminate_backend\\(${pidOf(holder)}\\)$`,
    )
    const named = { code: 'UNAVAILABLE', retryable: true, partial: true, message: expect.stringMatching(sentence) }
    const writing = expect(store.timescale.upsert(price, [aPrice()])).rejects.toMatchObject(named)
    // More readers than connections.
    const reading = Promise.all(Array.from({ length: 8 }, () => expect(candles(store)).rejects.toMatchObject(named)))
    const started = performance.now()
    expect(await store.dsl.listInstruments()).toMatchObject({ items: [] })
    // The latest prices come from the registry.
    expect((await store.dsl.getLatestPrices()).items).toHaveLength(1)
    await reading
    expect(performance.now() - started).toBeLessThan(8000)
    expect(await store.dsl.listInstruments()).toMatchObject({ items: [] })
    const checked = performance.now()
    expect(await store.check()).toMatchObject({
      ok: false,
      degraded: true,
      summary: expect.stringContaining(`the table crypto_prices_rows is locked by process ${pidOf(holder)}`),
      remedy: expect.stringContaining(`select pg_terminate_backend(${pidOf(holder)})`),
    })
    expect(performance.now() - checked).toBeLessThan(3500)
    await writing
    await store.pool.query(`select pg_terminate_backend(${pidOf(holder)})`)
    const freed = performance.now()
    const found = await until(() => candles(store).catch(() => false as const), 'reads to work again')
    expect(found).toHaveLength(1)
    expect(performance.now() - freed).toBeLessThan(5000)
    expect(await store.timescale.upsert(price, [aPrice()])).toMatchObject({ failed: [] })
    expect(await until(async () => ((await store.check()).ok ? { ok: true } : false), 'the check')).toEqual({ ok: true })
  })

  it('is named with the real blocker, if a session waits for the lock and all others queue behind it', async () => {
    const { store, url } = await open()
    const reader = await somebody(url, 'begin; select from crypto_prices')
    const waiting = await somebody(url, 'select 1')
    const altered = waiting.query('alter table crypto_prices_rows add column more int').then(
      () => {},
      () => {},
    )
    onTestFinished(() => altered)
    await until(async () => !(await store.check()).ok, 'the queue to be seen')
    const { summary, remedy } = await store.check()
    expect(summary).toContain(`blocked by process ${pidOf(waiting)}`)
    expect(summary).toContain(`which waits for process ${pidOf(reader)}`)
    expect(remedy).toContain(`pg_terminate_backend(${pidOf(reader)})`)
    await reader.query('rollback')
    await altered
  })

  it('that can still be read is degraded for writers only', async () => {
    const { store, url } = await open()
    await store.timescale.upsert(price, [aPrice()])
    await somebody(url, 'begin; lock table crypto_prices_rows in exclusive mode')
    await expect(store.timescale.upsert(price, [aPrice()])).rejects.toMatchObject({
      message: expect.stringContaining('is locked by'),
    })
    expect(await candles(store)).toHaveLength(1)
    expect(await store.check()).toMatchObject({ ok: false, degraded: true })
  })
})

it('the error of a full pool names the lock that fills it', async () => {
  const { store, url } = await open()
  const holder = await somebody(url, 'begin; lock table trades_rows in access exclusive mode')
  const pool = store.createPool({ max: 1, connectTimeoutMs: 300 })
  const taken = await pool.connect()
  onTestFinished(() => taken.release())
  await expect(withClient(pool, async () => {})).rejects.toMatchObject({
    code: 'TIMEOUT',
    message: expect.stringMatching(/^all 1 connections of the pool are at work, and none came free within 0\.3 s/),
  })
  const control = new ControlConnection(() => url)
  onTestFinished(() => control.close())
  await expect(withClient(pool, async () => {}, { troubles: new Troubles(control, 'here') })).rejects.toMatchObject({
    message: expect.stringMatching(
      new RegExp(`^all 1 connections of the pool .*, because the table trades_rows is locked by process ${pidOf(holder)} `),
    ),
  })
})
