import { expect, it, onTestFinished } from 'vitest'
import {
  createPool,
  type LayoutSetting,
  openStore,
  type Store,
  StoreNotMigrated,
  storedLayout,
} from '../../lib/src/base/database/index.ts'
import { silentLogger } from '../../lib/src/base/types/index.ts'
import { createDatabase, onTimescale } from '../support/database.ts'
import { describeWith } from '../support/services.ts'

async function freshDatabase(): Promise<string> {
  const { url, drop } = await createDatabase()
  onTestFinished(drop)
  return url
}

async function open(url: string, layout?: LayoutSetting): Promise<{ store: Store; notices: string[]; logged: string[] }> {
  const notices: string[] = []
  const logged: string[] = []
  const logger = { ...silentLogger, info: (_: object, message: string) => void logged.push(message) }
  const store = await openStore({
    ...{ databaseUrl: url, home: '/nowhere', readers: 1, writers: 1, logger },
    ...(layout && { layout }),
    onNotice: (notice) => void notices.push(notice),
  })
  onTestFinished(() => store.close())
  return { store, notices, logged }
}

const tables = async (url: string): Promise<string[]> => {
  const pool = createPool(url, { max: 1 })
  onTestFinished(() => pool.end())
  const { rows } = await pool.query<{ name: string }>(
    "select relname as name from pg_class where relnamespace = 'public'::regnamespace union all select extname from pg_extension where extname <> 'plpgsql'",
  )
  return rows.map(({ name }) => name)
}

it('is chosen once: announced at set-up, logged at each start, stored with its reason', async () => {
  const url = await freshDatabase()
  const first = await open(url)
  const said = onTimescale
    ? 'the tables are hypertables, because the extension timescaledb is there'
    : 'the tables are plain, because the server does not offer the extension timescaledb'
  expect(first.notices).toEqual([expect.stringContaining(said)])
  expect(first.logged).toEqual(first.notices)
  const second = await open(url)
  expect(second.notices).toEqual([])
  expect(second.logged).toEqual([said])
  expect(second.store.layout).toEqual({ layout: onTimescale ? 'hypertables' : 'plain', reason: expect.any(String) })
})

it('plain: no hypertables and no extension on any server; a contradicting setting is refused later', async () => {
  const url = await freshDatabase()
  const { store } = await open(url, 'plain')
  expect(await storedLayout(store.pool)).toBe('plain')
  expect(store.layout.reason).toBe('store.layout is plain')
  expect(await tables(url)).not.toContain('timescaledb')
  await open(url, 'plain')
  await open(url, 'auto')
  await expect(open(url, 'hypertables')).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    field: 'store.layout',
    message: expect.stringMatching(/are plain, because store.layout is plain: run qicore store convert/),
  })
})

it.skipIf(onTimescale)('hypertables: fails without TimescaleDB, and changes nothing', async () => {
  const url = await freshDatabase()
  await expect(open(url, 'hypertables')).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    field: 'store.layout',
    message: expect.stringMatching(
      /^store.layout is hypertables, but the server does not offer the extension timescaledb: install/,
    ),
  })
  expect(await tables(url)).toEqual([])
})

it('is predicted by opening without migrating, which changes nothing', async () => {
  const url = await freshDatabase()
  const opened = openStore({ databaseUrl: url, home: '/nowhere', migrations: 'refuse' })
  const error = await opened.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(StoreNotMigrated)
  expect((error as StoreNotMigrated).found).toMatchObject({
    layout: { layout: onTimescale ? 'hypertables' : 'plain', fresh: true },
    mayCreate: true,
  })
  expect(await tables(url)).toEqual([])

  const { store } = await open(url)
  await using same = await openStore({ databaseUrl: url, home: '/nowhere', migrations: 'refuse' })
  expect(same.layout).toMatchObject(store.layout)
  await store.pool.query("delete from qicore_migrations where component = 'rollups' and version = 2")
  await expect(openStore({ databaseUrl: url, home: '/nowhere', migrations: 'refuse' })).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.stringContaining('older than this program'),
    found: { layout: { fresh: false }, pending: expect.arrayContaining([expect.objectContaining({ component: 'rollups' })]) },
  })
})

describeWith('postgres', 'a server that offers the extension and has not loaded it', () => {
  it('ends the session that tries: the tables are plain, or the start fails', async (context) => {
    const { url, drop } = await createDatabase('postgres')
    onTestFinished(drop)
    const pool = createPool(url, { max: 1 })
    const { rows } = await pool.query<{ untold: boolean }>(
      `select exists (select from pg_available_extensions where name = 'timescaledb')
        and current_setting('shared_preload_libraries') not like '%timescaledb%' as untold`,
    )
    await pool.end()
    if (!rows[0]?.untold) context.skip('TimescaleDB is not installed beside it, or loaded')
    await expect(open(url, 'hypertables')).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('the server has not loaded timescaledb: put timescaledb into'),
    })
    const { store, notices } = await open(url)
    expect(store.layout).toMatchObject({ layout: 'plain', reason: 'the server has not loaded timescaledb' })
    expect(notices).toEqual([expect.stringContaining('then run qicore store convert')])
  })
})
