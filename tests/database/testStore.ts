import { afterAll } from 'vitest'
import { openStore, type Store, type StoreConfig } from '../../lib/src/base/database/index.ts'
import { testDatabase } from '../support/database.ts'

/** A store on a fresh database of the test run. Call it at the top of a file or of a `describe`. */
export async function testStore(more: Pick<StoreConfig, 'calendars'> = {}): Promise<Store> {
  const { url } = await testDatabase()
  const store = await openStore({ databaseUrl: url, home: '/nowhere', ...more })
  afterAll(() => store.close())
  return store
}

export async function count(store: Store, table: string): Promise<number> {
  const { rows } = await store.pool.query<{ n: number }>(`select count(*)::int as n from ${table}`)
  return rows[0]?.n ?? 0
}
