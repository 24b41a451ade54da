import { openStore, type Store } from '../lib/src/base/index.ts'

/** A database beside the benchmark's own, empty at first and dropped when it is disposed of. */
export async function openDatabase(beside: Store, name: string): Promise<Store> {
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
