import { Producer, stringSerializer } from '@platformatic/kafka'
import { type Logger, QiError } from '../../../base/types/index.ts'
import type { ConnectionSettings } from '../connection.ts'
import { kafkaError } from '../errors.ts'
import type { BaseOffsets, Sender } from './Appender.ts'
import type { OutgoingMessage } from './outgoing.ts'

type RawProducer = Producer<Buffer, Buffer, string, string>

/** After delivery_timeout_ms: how long the abandoned producer may take to report the cause. */
const CAUSE_MS = 1_000
/** How often an unanswered append looks up the leaders of its partitions again. */
const REFRESH_MS = 1_000

/** Smaller batches are not compressed: the set-up costs more than so few bytes save, for the writer and for each reader. */
const MIN_COMPRESSED_BYTES = 1024

/**
 * Sends with the library's idempotent producer, acknowledged by all replicas. Retries for `delivery_timeout_ms`; then the producer
 * is abandoned, so that none of its messages can arrive after later ones.
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

  async send(topic: string, messages: readonly OutgoingMessage[]): Promise<BaseOffsets> {
    if (this.#closed) throw new QiError('CLOSED', 'the stream was closed')
    const { config } = this.#settings
    this.#producer ??= this.#open()
    const producer = this.#producer
    try {
      const sent = producer.send({
        messages: [...messages],
        idempotent: true,
        acks: -1,
        compression: isWorthCompressing(messages) ? config.compression : 'none',
        repeatOnStaleMetadata: true,
      })
      const { offsets = [] } = await this.#within(sent, topic, producer)
      return new Map(offsets.map(({ partition, offset }) => [partition, offset]))
    } catch (error) {
      // The sequence numbers of a producer that failed may be wrong.
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
    let abandoned = false
    const timer = setTimeout(async () => {
      abandoned = true
      await producer.close().catch(() => {})
      const cause = await Promise.race([
        sent.then(
          () => undefined,
          (error: unknown) => error,
        ),
        pause(CAUSE_MS),
      ])
      const why = kafkaError(withoutClose(cause), `append to topic ${topic}`, address)
      const code = why.code === 'INTERNAL' || why.code === 'CLOSED' ? 'TIMEOUT' : why.code
      late.reject(new QiError(code, `${why.message} (retried for ${seconds} s)`, { cause }))
    }, config.delivery_timeout_ms)
    // The library retries with the leaders that it knows; a leader that has moved is found only by a new look-up.
    const refresh = setInterval(() => producer.clearMetadata(), REFRESH_MS)
    // An abandoned producer reports only that it was closed.
    const inTime = sent.catch((error: unknown) => (abandoned ? late.promise : Promise.reject(error)))
    try {
      return await Promise.race([inTime, late.promise])
    } finally {
      clearTimeout(timer)
      clearInterval(refresh)
    }
  }
}

/** Decides by the average size of the batches: a request holds one of each partition. */
function isWorthCompressing(messages: readonly OutgoingMessage[]): boolean {
  const partitions = new Set(messages.map(({ partition }) => partition))
  return messages.reduce((bytes, { size }) => bytes + size, 0) >= MIN_COMPRESSED_BYTES * partitions.size
}

const pause = (ms: number): Promise<undefined> => new Promise((resolve) => setTimeout(() => resolve(undefined), ms).unref())

/** The failure before the producer was abandoned. */
function withoutClose(cause: unknown): unknown {
  return cause instanceof AggregateError
    ? (cause.errors.find((error) => (error as { closed?: unknown }).closed !== true) ?? cause)
    : cause
}
