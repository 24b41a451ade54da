import { get } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { serve } from '../../app/server/index.ts'
import { decompress, publishNetworkEvent } from '../../lib/src/base/networking/index.ts'
import { openEngines, platformOf } from '../app/server/served.ts'
import { createDatabase } from '../support/database.ts'

/** As it comes off the wire: fetch would unpack it. */
async function raw(url: string, headers: Record<string, string> = {}) {
  const { promise, resolve, reject } = Promise.withResolvers<{
    coding: string | undefined
    vary: string | undefined
    body: Buffer
  }>()
  get(url, { headers }, (response) => {
    const { 'content-encoding': coding, vary } = response.headers
    buffer(response).then((body) => resolve({ coding, vary, body }), reject)
  }).on('error', reject)
  return promise
}

test('answers are compressed on request; the network layer shows in the metrics', async () => {
  const database = await createDatabase()
  onTestFinished(database.drop)
  await using engines = await openEngines(database.url)
  await using server = await serve({ platform: platformOf(engines), config: { server: { host: '127.0.0.1', port: 0 } } })
  const address = `${server.url}/api/v1/openapi.json`
  const plain = await raw(address)
  const packed = await raw(address, { 'accept-encoding': 'gzip' })
  expect([plain.coding, packed.coding]).toEqual([undefined, 'gzip'])
  expect(packed.vary?.toLowerCase()).toContain('accept-encoding')
  expect(packed.body.length).toBeLessThan(plain.body.length / 4)
  expect((await decompress('gzip', packed.body)).equals(plain.body)).toBe(true)

  publishNetworkEvent({ type: 'circuit', peer: 'somebody', state: 'open', forMs: 1000 })
  publishNetworkEvent({ type: 'limit-wait', peer: 'somebody', ms: 2500 })
  const metrics = await (await fetch(`${server.url}/metrics`)).text()
  expect(metrics).toContain('qicore_circuit_open{peer="somebody"} 1')
  expect(metrics).toMatch(/qicore_database_connections\{pool="qicore 1",state="idle"\} \d/)
  expect(metrics).toContain('qicore_rate_limit_wait_seconds_total{peer="somebody"} 2.5')
})
