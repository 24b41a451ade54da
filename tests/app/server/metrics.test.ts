import { channel } from 'node:diagnostics_channel'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PUBLISHER_CHANNEL, type PublisherEvent } from '../../../lib/src/publishers/index.ts'
import type { ConsumerWrite } from '../../../lib/src/streaming/index.ts'
import { testDatabase } from '../../support/database.ts'
import { appendPrices, type Engines, openEngines, platformOf, priceOf, serving } from './served.ts'
import { subscribed } from './webSocket.ts'

const { url: database } = await testDatabase()
let engines: Engines
beforeAll(async () => {
  engines = await openEngines(database)
})
afterAll(() => engines[Symbol.asyncDispose]())

/** Values by name and labels, as `name{a="b"}`. */
async function scrape(url: string): Promise<ReadonlyMap<string, number>> {
  const response = await fetch(`${url}/metrics`)
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
  const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]))
}

test('records in and out are counted from what publishers and consumers tell', async () => {
  const { url } = await serving(platformOf(engines))
  const tell = (event: PublisherEvent) => channel(PUBLISHER_CHANNEL).publish(event)
  tell({ type: 'appended', source: 'coingecko', topic: 'crypto-prices', records: 250, bytes: 60_000, ms: 4 })
  tell({ type: 'dead-lettered', source: 'coingecko', topic: 'crypto-prices', records: 2, ms: 1 })
  const write: ConsumerWrite = {
    consumer: 'crypto-data',
    topic: 'crypto-prices',
    written: 249,
    failed: 1,
    milliseconds: 12,
    oldest: Date.now() - 500,
  }
  channel('qicore:consumer').publish(write)
  const metrics = await scrape(url)
  expect(metrics.get('qicore_records_published_total{source="coingecko",topic="crypto-prices"}')).toBe(250)
  expect(metrics.get('qicore_published_bytes_total{source="coingecko",topic="crypto-prices"}')).toBe(60_000)
  expect(metrics.get('qicore_records_stored_total{consumer="crypto-data",topic="crypto-prices"}')).toBe(249)
  expect(metrics.get('qicore_dead_letters_total{stage="publish",topic="crypto-prices"}')).toBe(2)
  expect(metrics.get('qicore_dead_letters_total{stage="store",topic="crypto-prices"}')).toBe(1)
  expect(metrics.get('qicore_stream_to_store_seconds_bucket{le="0.25",topic="crypto-prices"}')).toBe(0)
  expect(metrics.get('qicore_stream_to_store_seconds_bucket{le="1",topic="crypto-prices"}')).toBe(1)
})

test('requests are counted under their route, lag under its group, restarts under the part', async () => {
  const { url } = await serving(platformOf(engines))
  await appendPrices(engines.stream, priceOf('a'), priceOf('b'), priceOf('c'))
  const subscription = await engines.stream.subscribe({ group: 'crypto-data', topics: ['crypto-prices'] })
  for await (const batch of subscription) {
    await subscription.commit([{ ...batch.next, offset: batch.firstOffset }])
    break
  }
  await subscription.close()
  for (const path of ['/api/v1/status', '/api/v1/status', '/api/v1/status?x=1', '/none', '/none/1']) await fetch(url + path)
  await subscribed(url)
  const metrics = await scrape(url)
  expect(metrics.get('qicore_http_requests_total{method="GET",route="/api/v1/status",status="200"}')).toBe(2)
  expect(metrics.get('qicore_http_requests_total{method="GET",route="/api/v1/status",status="400"}')).toBe(1)
  expect(metrics.get('qicore_http_requests_total{method="GET",route="unmatched",status="404"}')).toBe(2)
  expect(metrics.get('qicore_http_request_duration_seconds_count{route="/api/v1/status"}')).toBe(3)
  expect(metrics.get('qicore_consumer_lag_records{group="crypto-data",topic="crypto-prices"}')).toBeGreaterThan(0)
  expect(metrics.get('qicore_part_restarts_total{part="consumer crypto-data"}')).toBe(3)
  expect(metrics.get('qicore_part_up{part="store"}')).toBe(1)
  expect(metrics.get('qicore_ws_clients')).toBe(1)
  expect(metrics.get('process_cpu_seconds_total')).toBeGreaterThan(0)
})
