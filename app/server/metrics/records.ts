import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Counter, Histogram, type Registry } from 'prom-client'
import { PUBLISHER_CHANNEL, type PublisherEvent } from '../../../lib/src/publishers/index.ts'
import { type ConsumerWrite, SKIP_CHANNEL, type SkippedRange, STORE } from '../../../lib/src/streaming/index.ts'

const CONSUMER_CHANNEL = 'qicore:consumer'
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60]
/** A provider may tell what the market did minutes before. */
const WAY_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600]

/** Records in and out, from what publishers and consumers of this process tell on their diagnostics channels. */
export function recordMetrics(register: Registry): { close(): void } {
  const counter = <L extends string>(name: string, help: string, ...labelNames: L[]) =>
    new Counter({ name, help, labelNames, registers: [register] })
  const histogram = <L extends string>(name: string, help: string, ...labelNames: L[]) =>
    new Histogram({ name, help, labelNames, buckets: SECONDS, registers: [register] })

  const published = counter('qicore_records_published_total', 'Records durable in the stream', 'source', 'topic')
  const publishedBytes = counter('qicore_published_bytes_total', 'Bytes of the values published', 'source', 'topic')
  const retries = counter('qicore_publish_retries_total', 'Appends that failed and were repeated', 'source', 'topic', 'code')
  const append = histogram('qicore_append_duration_seconds', 'Time of one append of a batch to the stream', 'source')
  const stored = counter('qicore_records_stored_total', 'Records added to a destination', 'pipeline', 'destination', 'topic')
  const overwrites = counter(
    'qicore_records_overwritten_total',
    'Records whose key was there already: one of the two stays',
    'pipeline',
    'destination',
    'topic',
  )
  const write = histogram(
    'qicore_write_duration_seconds',
    'Time of one write of a batch to a destination',
    'pipeline',
    'destination',
  )
  const delay = histogram(
    'qicore_stream_to_store_seconds',
    'Time from the append of the oldest record of a write to its storage',
    'topic',
  )
  const way = new Histogram({
    name: 'qicore_market_to_row_seconds',
    help: 'Time from the market to the row, of the oldest of the records that a write sampled; prices, trades and quotes that came live',
    labelNames: ['topic'],
    buckets: WAY_SECONDS,
    registers: [register],
  })
  const deadLetters = counter(
    'qicore_dead_letters_total',
    'Dead letters, by the stage at which they failed: records, runs of damaged bytes at read, ranges of offsets at skipped',
    'stage',
    'destination',
    'topic',
  )

  const skipped = counter(
    'qicore_records_skipped_total',
    'Records that a group did not get, because its lag was over its bound; one dead letter names each range',
    'group',
    'topic',
  )

  const onPublisher = (message: unknown) => {
    const event = message as PublisherEvent
    if (event.type === 'appended') {
      const { source, topic, records, bytes, ms } = event
      published.inc({ source, topic }, records)
      publishedBytes.inc({ source, topic }, bytes)
      append.observe({ source }, ms / 1000)
    } else if (event.type === 'dead-lettered')
      deadLetters.inc({ stage: 'publish', destination: '', topic: event.topic }, event.records)
    else if (event.type === 'retry') retries.inc({ source: event.source, topic: event.topic, code: event.code })
  }
  const onConsumer = (message: unknown) => {
    const { pipeline, destination, topic, written, overwritten, failed, damaged, milliseconds, oldest, market } =
      message as ConsumerWrite
    const delivery = { pipeline, destination }
    stored.inc({ ...delivery, topic }, written)
    if (overwritten > 0) overwrites.inc({ ...delivery, topic }, overwritten)
    write.observe(delivery, milliseconds / 1000)
    if (failed > 0) deadLetters.inc({ stage: 'store', destination, topic }, failed)
    if (damaged > 0) deadLetters.inc({ stage: 'read', destination, topic }, damaged)
    // How soon a record is a row is told of the store alone.
    if (destination !== STORE) return
    if (market !== undefined) way.observe({ topic }, Math.max(0, Date.now() - market) / 1000)
    if (Number.isFinite(oldest)) delay.observe({ topic }, Math.max(0, Date.now() - oldest) / 1000)
  }
  const onSkip = (message: unknown) => {
    const { group, destination = '', topic, from, to } = message as SkippedRange
    skipped.inc({ group, topic }, Number(to - from))
    deadLetters.inc({ stage: 'skipped', destination, topic })
  }
  subscribe(PUBLISHER_CHANNEL, onPublisher)
  subscribe(SKIP_CHANNEL, onSkip)
  subscribe(CONSUMER_CHANNEL, onConsumer)
  return {
    close() {
      unsubscribe(PUBLISHER_CHANNEL, onPublisher)
      unsubscribe(CONSUMER_CHANNEL, onConsumer)
      unsubscribe(SKIP_CHANNEL, onSkip)
    },
  }
}
