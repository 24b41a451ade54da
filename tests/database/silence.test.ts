import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { createPool, withClient } from '../../lib/src/base/database/index.ts'
import type { QiError } from '../../lib/src/base/types/index.ts'
import { Network } from '../chaos/network.ts'
import { createDatabase, suiteServer } from '../support/database.ts'
import { until } from '../support/until.ts'

const QUIET_MS = 400

/** A pool on a database of its own, through a proxy that can fail. */
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

test('a statement on a connection dropped by the network fails, and the pool makes another connection', async () => {
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

test('slow statements, and a network that is silent for a while, are not disturbed', async () => {
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

/** ReadyForQuery: the server accepts the first statement. */
const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49])

// The test watches for this byte, which it cannot see over TLS.
test.skipIf(suiteServer === 'tls')('a connection dropped by the network before its first answers costs only itself', async () => {
  const database = await createDatabase()
  onTestFinished(database.drop)
  const url = new URL(database.url)
  const [host, port] = [url.hostname, Number(url.port)]
  let forgets = true
  const proxy = createServer((near) => {
    const far = connect({ host, port })
    for (const socket of [near, far]) socket.on('error', () => {})
    near.pipe(far)
    near.once('close', () => far.destroy())
    far.on('data', (bytes: Buffer) => {
      near.write(bytes)
      if (!forgets || !bytes.includes(READY)) return
      forgets = false
      far.removeAllListeners('data')
      far.destroy()
    })
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void proxy.close())
  await once(proxy, 'listening')
  url.port = String((proxy.address() as AddressInfo).port)
  const pool = createPool(url.href, { max: 1, connectTimeoutMs: 500 })
  onTestFinished(() => pool.end())
  const work = () => withClient(pool, (client) => client.query('select 1 as answer'))
  await expect(work()).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true })
  expect((await work()).rows).toEqual([{ answer: 1 }])
})
