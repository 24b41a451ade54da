import { join } from 'node:path'
import { openStore, type Store } from '../lib/src/base/database/index.ts'
import type { BenchContext } from './context.ts'

/**
 * A store beside the benchmark's own, empty at first and gone when it is disposed of: another database of the server, or another server
 * where the platform's role may make no databases, as in embedded mode.
 */
export async function openDatabase(
  { store: beside, folder }: Pick<BenchContext, 'store' | 'folder'>,
  name: string,
): Promise<Store> {
  const { rowCount } = await beside.pool.query('select from pg_roles where rolname = current_user and (rolcreatedb or rolsuper)')
  if (!rowCount) {
    const store = await openStore({ home: join(folder, name), applicationName: 'qicore-bench' })
    return Object.assign(store, { [Symbol.asyncDispose]: () => store.close() })
  }
  await beside.pool.query(`drop database if exists ${name} with (force)`)
  await beside.pool.query(`create database ${name}`)
  const address = new URL(beside.url)
  address.pathname = `/${name}`
  const store = await openStore({ databaseUrl: address.href, home: '/nowhere', applicationName: 'qicore-bench' })
  const drop = async () => {
    await store.close()
    await beside.pool.query(`drop database ${name} with (force)`)
  }
  return Object.assign(store, { [Symbol.asyncDispose]: drop })
}
