import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { expect, it, onTestFinished } from 'vitest'
import { openStore, type Store, type StoreTrouble } from '../../lib/src/base/database/index.ts'
import { price } from '../../lib/src/base/types/index.ts'
import { aPrice } from '../database/records.ts'
import { createDatabase } from '../support/database.ts'
import { describeWith, hasService } from '../support/services.ts'
import { temporary } from '../support/temporary.ts'

const run = promisify(execFile)

async function open(url: string): Promise<Store> {
  const store = await openStore({ databaseUrl: url, home: '/nowhere', readers: 1, writers: 1 })
  onTestFinished(() => store.close())
  return store
}

async function statement(url: string, text: string): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  await client.query(text).finally(() => client.end())
}

/** A dump of a store that holds a price and its bars. */
async function dumped(): Promise<string> {
  const { url, admin, drop } = await createDatabase('timescaledb')
  onTestFinished(drop)
  const store = await open(url)
  await store.rollups.turnOn()
  await store.timescale.upsert(price, [aPrice()])
  await store.rollups.catchUp()
  const file = join(await temporary('dump'), 'store.dump')
  await run('pg_dump', ['-Fc', '-O', '-x', '-f', file, admin])
  return file
}

/** Restores the dump into an empty database, ignoring errors: only a superuser may restore the extension's own tables. */
async function restored(file: string, careful: boolean): Promise<Store> {
  const { admin, drop } = await createDatabase('timescaledb')
  onTestFinished(drop)
  if (careful) await statement(admin, 'create extension timescaledb')
  if (careful) await statement(admin, 'select timescaledb_pre_restore()')
  await run('pg_restore', ['-d', admin, file]).catch(() => {})
  if (careful) await statement(admin, 'select timescaledb_post_restore()')
  return open(admin)
}

const about = (troubles: readonly StoreTrouble[]) => troubles.map(({ what }) => what)

describeWith('timescaledb', 'a restored dump', () => {
  it.runIf(hasService('psql'))(
    'without pre_restore lacks keys: found with names and remedies, and nothing is stored twice',
    async () => {
      const store = await restored(await dumped(), false)
      const troubles = await store.troubles()
      expect(about(troubles)).toEqual(
        expect.arrayContaining(['crypto_prices_rows has no primary key', 'rollups has no primary key']),
      )
      expect(troubles.find(({ what }) => what === 'crypto_prices_rows has no primary key')?.remedy).toMatch(
        /^alter table crypto_prices_rows add primary key \(.*\); or restore the dump between timescaledb_pre_restore\(\)/,
      )
      expect(await store.check()).toMatchObject({ ok: false, summary: expect.stringContaining('has no primary key') })
      await expect(store.timescale.upsert(price, [aPrice()])).rejects.toMatchObject({
        message: expect.stringContaining('crypto_prices_rows has no primary key: alter table'),
      })
      for (const { what, remedy } of troubles)
        if (what.endsWith('has no primary key')) await store.pool.query(remedy.split(';')[0] as string)
      expect(about(await store.troubles()).filter((what) => what.endsWith('primary key'))).toEqual([])
      expect(await store.timescale.upsert(price, [aPrice()])).toMatchObject({ failed: [] })
    },
  )

  it.runIf(hasService('psql'))('with pre_restore and post_restore works at once', async () => {
    const store = await restored(await dumped(), true)
    expect(await store.troubles()).toEqual([])
    expect(await store.timescale.upsert(price, [aPrice()])).toMatchObject({ overwritten: 1, failed: [] })
  })
})
