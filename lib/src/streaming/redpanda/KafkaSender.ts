import { Producer, stringSerializer } from '@platformatic/kafka'
import { type Logger, QiError } from '../../base/index.ts'
import type { BaseOffsets, Sender } from './Appender.ts'
import type { ConnectionSettings } from './connection.ts'
import { kafkaError } from './errors.ts'
import type { Packed } from './packing.ts'

type RawProducer = Producer<Buffer, Buffer, string, string>

/** How long a producer that is given up may take to say why. */
const LAST_WORDS_MS = 1_000
/** After how long an append that is not answered asks who leads its partitions, and how often again. */
const REFRESH_MS = 1_000

/** Less than this in a batch is not compressed: setting up costs more than so few bytes save, for who writes and for each who reads. */
const LEAST_PACKED_BYTES = 1024

/**
 * Sends by the library's idempotent producer, acknowledged by all replicas. Through an outage it keeps trying for
 * `delivery_timeout_ms`; then the producer is given up, so that nothing of it arrives later behind what follows.
 */
export class KafkaSender implements Sender {
  readonly #settings: ConnectionSettings
  readonly #logger: Logger
  #producer: RawProducer | undefined
  #closed = false

  constructor(settings: ConnectionSettings, logger: Logger) {
    this.#settings = settings
    this.#logger = logger
  }

  async send(topic: string, messages: readonly Packed[]): Promise<BaseOffsets> {
    if (this.#closed) throw new QiError('CLOSED', 'the stream was closed')
    const { config } = this.#settings
    this.#producer ??= this.#open()
    const producer = this.#producer
    try {
      const sent = producer.send({
        messages: [...messages],
        idempotent: true,
        acks: -1,
        compression: isWorthPacking(messages) ? config.compression : 'none',
        repeatOnStaleMetadata: true,
      })
      const { offsets = [] } = await this.#within(sent, topic, producer)
      return new Map(offsets.map(({ partition, offset }) => [partition, offset]))
    } catch (error) {
      // A producer that failed may have lost count of its sequence numbers.
      this.#producer = undefined
      void producer.close().catch(() => {})
      this.#logger.warn({ topic, messages: messages.length, err: error }, 'append failed')
      throw error
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    const producer = this.#producer
    this.#producer = undefined
    await producer?.close()
  }

  #open(): RawProducer {
    return new Producer({
      ...this.#settings.options,
      retries: true,
      maxInflights: 1,
      serializers: { headerKey: stringSerializer, headerValue: stringSerializer },
    })
  }

  async #within<T>(sent: Promise<T>, topic: string, producer: RawProducer): Promise<T> {
    const { config, address } = this.#settings
    const seconds = config.delivery_timeout_ms / 1000
    const late = Promise.withResolvers<never>()
    let given = false
    const timer = setTimeout(async () => {
      given = true
      await producer.close().catch(() => {})
      const cause = await Promise.race([
        sent.then(
          () => undefined,
          (error: unknown) => error,
        ),
        pause(LAST_WORDS_MS),
      ])
      const why = kafkaError(withoutClose(cause), `append to topic ${topic}`, address)
      const code = why.code === 'INTERNAL' || why.code === 'CLOSED' ? 'TIMEOUT' : why.code
      late.reject(new QiError(code, `${why.message} (tried for ${seconds} s)`, { cause }))
    }, config.delivery_timeout_ms)
    // The library repeats with the leaders that it knew: where one has moved, only asking anew finds the next.
    const refresh = setInterval(() => producer.clearMetadata(), REFRESH_MS)
    // Once the producer is given up, what it says is that it was closed.
    const inTime = sent.catch((error: unknown) => (given ? late.promise : Promise.reject(error)))
    try {
      return await Promise.race([inTime, late.promise])
    } finally {
      clearTimeout(timer)
      clearInterval(refresh)
    }
  }
}

/** By what a batch holds on average; each partition's part of a request is one. */
function isWorthPacking(messages: readonly Packed[]): boolean {
  const partitions = new Set(messages.map(({ partition }) => partition))
  return messages.reduce((bytes, { size }) => bytes + size, 0) >= LEAST_PACKED_BYTES * partitions.size
}

const pause = (ms: number): Promise<undefined> => new Promise((resolve) => setTimeout(() => resolve(undefined), ms).unref())

/** What failed before the producer was given up. */
function withoutClose(cause: unknown): unknown {
  return cause instanceof AggregateError
    ? (cause.errors.find((error) => (error as { closed?: unknown }).closed !== true) ?? cause)
    : cause
}
