import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { serve } from '../../../app/server/index.ts'
import { freePort } from '../../../bench/freePort.ts'
import { testDatabase } from '../../support/database.ts'
import { type Engines, openEngines, platformOf, serving } from './served.ts'
import { connect, subscribed } from './webSocket.ts'

const { url: database } = await testDatabase()
let engines: Engines
beforeAll(async () => {
  engines = await openEngines(database)
})
afterAll(() => engines[Symbol.asyncDispose]())

test('a port in use is refused with a remedy', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const failed = serve({ platform: platformOf(engines), config: { server: { host: '127.0.0.1', port } } })
  await expect(failed).rejects.toMatchObject({
    code: 'CONFLICT',
    field: 'server.port',
    message: expect.stringMatching(`port ${port} .*QICORE_PORT`),
  })
  other.close()
})

test('an address of another machine is refused with a remedy', async () => {
  const failed = serve({ platform: platformOf(engines), config: { server: { host: '203.0.113.1', port: 0 } } })
  await expect(failed).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    field: 'server.host',
    message: expect.stringContaining('QICORE_HOST'),
  })
})

test('closing lets a request in flight finish, closes WebSockets and kept-alive connections, and frees the port', async () => {
  const asked = Promise.withResolvers<void>()
  const answer = Promise.withResolvers<void>()
  const dsl = {
    getLatestPrices: async () => {
      asked.resolve()
      await answer.promise
      return { items: [] }
    },
  }
  const store = Object.assign(Object.create(engines.store), { reads: { dsl } }) as Engines['store']
  const server = await serving(platformOf({ ...engines, store }), { port: await freePort() })
  const live = await subscribed(server.url)
  expect((await fetch(`${server.url}/api/v1/status`)).status).toBe(200)
  const inFlight = fetch(`${server.url}/api/v1/prices/latest`)
  await asked.promise
  const closing = server.close()
  expect(await live.closed).toEqual({ code: 1001, reason: 'the server is stopping' })
  await expect(connect(server.url)).rejects.toThrow()
  answer.resolve()
  expect(await (await inFlight).json()).toEqual({ items: [] })
  await closing
  await expect(fetch(server.url)).rejects.toThrow()
  const again = await serve({ platform: platformOf(engines), config: { server: { host: '127.0.0.1', port: server.port } } })
  await again.close()
})

test('connections that outlast the deadline are cut', async () => {
  const dsl = { getLatestPrices: () => new Promise(() => {}) }
  const store = Object.assign(Object.create(engines.store), { reads: { dsl } }) as Engines['store']
  const server = await serving(platformOf({ ...engines, store }), { drainMs: 100 })
  const hanging = request(`${server.url}/api/v1/prices/latest`).end()
  const cut = once(hanging, 'error')
  await once(hanging, 'finish')
  await fetch(`${server.url}/ready`)
  await server.close()
  expect(await cut).toEqual([expect.objectContaining({ code: 'ECONNRESET' })])
})
