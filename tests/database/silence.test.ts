import { expect, onTestFinished, test } from 'vitest'
import { createPool, type QiError, withClient } from '../../lib/src/base/index.ts'
import { Network } from '../chaos/network.ts'
import { createDatabase } from '../support/database.ts'
import { until } from '../support/until.ts'

const QUIET_MS = 400

/** A pool that comes to a database of its own through a network that can fail. */
async function networked() {
  const database = await createDatabase()
  onTestFinished(database.drop)
  const url = new URL(database.url)
  const target = { host: url.hostname, port: Number(url.port) }
  const network = await Network.open(() => target)
  onTestFinished(() => network[Symbol.asyncDispose]())
  url.port = String(network.port)
  const pool = createPool(url.href, { max: 1, quietMs: QUIET_MS })
  onTestFinished(() => pool.end())
  return { network, pool }
}

test('who waits on a connection that the network has forgotten is told, and the pool makes another', async () => {
  const { network, pool } = await networked()
  const failure = await withClient(pool, async (client) => {
    await client.query('select 1')
    network.lose()
    await client.query('select 2')
  }).catch((error: unknown) => error as QiError)
  expect(failure).toMatchObject({ code: 'UNAVAILABLE', retryable: true })
  const { rows } = await until(() => pool.query('select 3 as answer'), 'another connection')
  expect(rows).toEqual([{ answer: 3 }])
})

test('work that takes longer than that, and a network that is silent for a while, are left in peace', async () => {
  const { network, pool } = await networked()
  const backend = 'select pg_backend_pid() as pid'
  const before = (await pool.query(backend)).rows
  await pool.query(`select pg_sleep(${(QUIET_MS * 4) / 1000})`)
  network.hold()
  const held = pool.query(`select pg_sleep(${(QUIET_MS * 4) / 1000})`)
  await new Promise((resolve) => setTimeout(resolve, QUIET_MS * 4))
  network.heal()
  await held
  expect((await pool.query(backend)).rows).toEqual(before)
})
