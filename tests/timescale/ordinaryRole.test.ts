import pg from 'pg'
import { expect, it, onTestFinished } from 'vitest'
import { openStore, type Store, type StoreConfig, type StoreNotMigrated } from '../../lib/src/base/database/index.ts'
import { createDatabase } from '../support/database.ts'
import { describeWith } from '../support/services.ts'

interface Owned {
  /** Address for the role that owns the database and is no superuser. */
  readonly url: string
  readonly role: string
  /** A superuser's client in that database. */
  readonly admin: pg.Client
}

/** A database as a managed TimescaleDB service provides it. */
async function ownedDatabase(): Promise<Owned> {
  const database = await createDatabase('timescaledb')
  const admin = new pg.Client(database.admin)
  await admin.connect()
  onTestFinished(async () => {
    await admin.end()
    await database.drop()
  })
  return { url: database.url, role: new URL(database.url).username, admin }
}

async function open(url: string, more: Partial<StoreConfig> = {}): Promise<Store> {
  const store = await openStore({ databaseUrl: url, home: '/nowhere', readers: 1, writers: 1, ...more })
  onTestFinished(() => store.close())
  return store
}

describeWith('timescaledb', 'a role that is no superuser', () => {
  it('gets hypertables in a database of its own: the extension is created for it', async () => {
    const { url, admin } = await ownedDatabase()
    const foreseen = await openStore({ databaseUrl: url, home: '/nowhere', migrations: 'refuse' }).catch(
      (error: unknown) => error,
    )
    expect((foreseen as StoreNotMigrated).found.layout).toMatchObject({ layout: 'hypertables', fresh: true })
    expect((await admin.query("select from pg_extension where extname = 'timescaledb'")).rowCount).toBe(0)
    const notices: string[] = []
    const store = await open(url, { layout: 'hypertables', onNotice: (notice) => void notices.push(notice) })
    expect(store.layout.layout).toBe('hypertables')
    expect(notices).toEqual(['the tables are hypertables, because the extension timescaledb is there'])
    expect(await store.check()).toMatchObject({ ok: true, summary: expect.stringContaining('TimescaleDB') })
  })

  it('without the right to create the extension: an error with the remedy, and plain tables only if the setting allows them', async () => {
    const { url, role, admin } = await ownedDatabase()
    await admin.query(
      `alter database ${new URL(url).pathname.slice(1)} owner to current_user; grant create on schema public to ${role}`,
    )
    const reason = `the role ${role} may not create the extension timescaledb`
    await expect(open(url, { layout: 'hypertables' })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringMatching(new RegExp(`${reason}: as an administrator: grant create on database`)),
    })
    const notices: string[] = []
    const store = await open(url, { onNotice: (notice) => void notices.push(notice) })
    expect(store.layout).toEqual({ layout: 'plain', reason })
    expect(notices).toEqual([
      expect.stringMatching(
        new RegExp(`^the tables are plain, because ${reason}; for hypertables .*, then run qicore store convert$`),
      ),
    ])
  })

  it('gets hypertables where an administrator created the extension', async () => {
    const { url, role, admin } = await ownedDatabase()
    await admin.query(
      `create extension timescaledb; alter database ${new URL(url).pathname.slice(1)} owner to current_user; grant create on schema public to ${role}`,
    )
    expect((await open(url)).layout.layout).toBe('hypertables')
  })

  it('gets them from several processes at once', async () => {
    const { url } = await ownedDatabase()
    const stores = await Promise.all([1, 2, 3].map(() => open(url)))
    expect(stores.map(({ layout }) => layout.layout)).toEqual(['hypertables', 'hypertables', 'hypertables'])
  })
})
