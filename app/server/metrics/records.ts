import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Counter, Histogram, type Registry } from 'prom-client'
import {
  CONSUMER_CHANNEL,
  type DeliveryWrite,
  PUBLISHER_CHANNEL,
  type PublisherEvent,
  SKIP_CHANNEL,
  type SkippedRange,
} from '../../../lib/src/base/types/index.ts'
import { STORE } from '../../../lib/src/streaming/index.ts'

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60]
/** Buckets up to an hour, because providers may report minutes late. */
const WAY_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600]

/** Records published, written and dead-lettered, from the diagnostics channels of publishers and consumers of this process. */
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
    'Records whose key was stored already: one of the two rows stays',
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
    'Time from the append of the oldest record of a write until it is stored',
    'topic',
  )
  const way = new Histogram({
    name: 'qicore_market_to_row_seconds',
    help: 'Time from the market to the row, for the oldest sampled record of a write; live prices, trades, quotes and books',
    labelNames: ['topic'],
    buckets: WAY_SECONDS,
    registers: [register],
  })
  const deadLetters = counter(
    'qicore_dead_letters_total',
    'Dead letters, by the stage that failed; at read a letter is a run of damaged bytes, at skipped a range of offsets',
    'stage',
    'destination',
    'topic',
  )

  const skipped = counter(
    'qicore_records_skipped_total',
    'Records that a group skipped, because its lag exceeded its bound; one dead letter names each range',
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
      message as DeliveryWrite
    const delivery = { pipeline, destination }
    stored.inc({ ...delivery, topic }, written)
    if (overwritten > 0) overwrites.inc({ ...delivery, topic }, overwritten)
    write.observe(delivery, milliseconds / 1000)
    if (failed > 0) deadLetters.inc({ stage: 'store', destination, topic }, failed)
    if (damaged > 0) deadLetters.inc({ stage: 'read', destination, topic }, damaged)
    // Delays are measured for the store alone.
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
