import { channel } from 'node:diagnostics_channel'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { publishNetworkEvent } from '../../../lib/src/base/networking/index.ts'
import {
  CONSUMER_CHANNEL,
  type DeliveryWrite,
  emitFailure,
  PUBLISHER_CHANNEL,
  type PublisherEvent,
  price,
  QiError,
  SKIP_CHANNEL,
  type SkippedRange,
} from '../../../lib/src/base/types/index.ts'
import { testDatabase } from '../../support/database.ts'
import { parseExposition } from './exposition.ts'
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

test('records in and out are counted from the channels of publishers and consumers', async () => {
  const { url } = await serving(platformOf(engines))
  const tell = (event: PublisherEvent) => channel(PUBLISHER_CHANNEL).publish(event)
  tell({ type: 'appended', source: 'coingecko', topic: 'crypto-prices', records: 250, bytes: 60_000, ms: 4 })
  tell({ type: 'dead-lettered', source: 'coingecko', topic: 'crypto-prices', records: 2, ms: 1 })
  const write: DeliveryWrite = {
    pipeline: 'crypto-data',
    destination: 'timescaledb',
    topic: 'crypto-prices',
    written: 249,
    overwritten: 3,
    failed: 1,
    damaged: 0,
    milliseconds: 12,
    oldest: Date.now() - 500,
    market: Date.now() - 20_000,
  }
  channel(CONSUMER_CHANNEL).publish(write)
  tell({
    type: 'retry',
    source: 'coingecko',
    topic: 'crypto-prices',
    attempt: 1,
    waitMs: 5,
    code: 'UNAVAILABLE',
    message: 'away',
  })
  const skipped: SkippedRange = {
    group: 'qicore-lake-lake',
    pipeline: 'lake',
    destination: 'lake',
    ...{ topic: 'crypto-prices', partition: 0, from: 10n, to: 40n },
  }
  channel(SKIP_CHANNEL).publish(skipped)
  emitFailure('consumer crypto-data', new QiError('TIMEOUT', 'late'))
  publishNetworkEvent({ type: 'attempt', peer: 'CoinGecko', outcome: 'RATE_LIMITED', ms: 5 })
  publishNetworkEvent({ type: 'attempt', peer: 'CoinGecko', outcome: 'ok', ms: 5 })
  const metrics = await scrape(url)
  expect(metrics.get('qicore_records_published_total{source="coingecko",topic="crypto-prices"}')).toBe(250)
  expect(metrics.get('qicore_published_bytes_total{source="coingecko",topic="crypto-prices"}')).toBe(60_000)
  expect(metrics.get('qicore_records_stored_total{pipeline="crypto-data",destination="timescaledb",topic="crypto-prices"}')).toBe(
    249,
  )
  expect(
    metrics.get('qicore_records_overwritten_total{pipeline="crypto-data",destination="timescaledb",topic="crypto-prices"}'),
  ).toBe(3)
  expect(metrics.get('qicore_dead_letters_total{stage="publish",destination="",topic="crypto-prices"}')).toBe(2)
  expect(metrics.get('qicore_dead_letters_total{stage="store",destination="timescaledb",topic="crypto-prices"}')).toBe(1)
  expect(metrics.get('qicore_dead_letters_total{stage="skipped",destination="lake",topic="crypto-prices"}')).toBe(1)
  expect(metrics.get('qicore_records_skipped_total{group="qicore-lake-lake",topic="crypto-prices"}')).toBe(30)
  expect(metrics.get('qicore_stream_to_store_seconds_bucket{le="0.25",topic="crypto-prices"}')).toBe(0)
  expect(metrics.get('qicore_stream_to_store_seconds_bucket{le="1",topic="crypto-prices"}')).toBe(1)
  expect(metrics.get('qicore_market_to_row_seconds_bucket{le="10",topic="crypto-prices"}')).toBe(0)
  expect(metrics.get('qicore_market_to_row_seconds_bucket{le="30",topic="crypto-prices"}')).toBe(1)
  expect(metrics.get('qicore_errors_total{part="source coingecko",code="UNAVAILABLE"}')).toBe(1)
  expect(metrics.get('qicore_errors_total{part="consumer crypto-data",code="TIMEOUT"}')).toBe(1)
  expect(metrics.get('qicore_errors_total{part="CoinGecko",code="RATE_LIMITED"}')).toBe(1)
})

test('waiting records, calls left and lag of rollups are read at each scrape', async () => {
  const { url } = await serving(platformOf(engines))
  await engines.store.rollups.turnOff()
  const off = await scrape(url)
  expect(off.get('qicore_queue_records{part="consumer crypto-data"}')).toBe(0)
  expect(off.get('qicore_rate_limit_calls{peer="CoinGecko"}')).toBe(30)
  expect(off.get('qicore_rate_limit_free_calls{peer="CoinGecko"}')).toBe(12)
  expect(off.get('qicore_rate_limit_penalty_seconds{peer="CoinGecko"}')).toBe(1.5)
  expect(off.has('qicore_rollup_lag_seconds')).toBe(false)
  await engines.store.rollups.turnOn()
  await engines.store.timescale.upsert(price, [priceOf('rolled')])
  const on = await scrape(url)
  expect(on.get('qicore_rollup_pending_stretches')).toBeGreaterThan(0)
  expect(on.get('qicore_rollup_lag_seconds')).toBeGreaterThan(0)
  await engines.store.rollups.catchUp()
  expect(await scrape(url).then((m) => m.get('qicore_rollup_pending_stretches'))).toBe(0)
})

test('the text is valid for a scraper: names by convention, counters and histograms consistent', async () => {
  const { url } = await serving(
    platformOf(engines, {
      parts: [{ name: 'source "odd" \\ \n name', state: 'running', since: 0, restarts: 1 }],
    }),
  )
  await fetch(`${url}/api/v1/status`)
  const families = parseExposition(await (await fetch(`${url}/metrics`)).text())
  const odd = families.get('qicore_part_restarts_total')?.samples
  expect(odd).toEqual([{ name: 'qicore_part_restarts_total', labels: { part: 'source "odd" \\ \n name' }, value: 1 }])
  for (const { name, type, help, samples } of families.values()) {
    expect(help, name).not.toBe('')
    expect(name.endsWith('_total'), name).toBe(type === 'counter')
    if (type !== 'histogram') continue
    const buckets = samples.filter((sample) => sample.name === `${name}_bucket`)
    const counts = samples.filter((sample) => sample.name === `${name}_count`)
    expect(buckets.filter(({ labels }) => labels.le === '+Inf').map(({ value }) => value)).toEqual(
      counts.map(({ value }) => value),
    )
  }
  expect(families.get('qicore_http_request_duration_seconds')?.samples.length).toBeGreaterThan(0)
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
