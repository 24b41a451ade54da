import type { Store } from '../lib/src/base/database/index.ts'
import { price as priceType, type SinkDefinition, type Stream, silentLogger } from '../lib/src/base/types/index.ts'
import { CryptoDataConsumer, sinkDefinitions } from '../lib/src/consumers/index.ts'
import { DeadLetters, DeliveryMember, STORE } from '../lib/src/streaming/index.ts'

export const LANES = 2

export interface Running {
  /** Resolves when so many records are stored. @throws QiError what ended the consumer */
  stored(records: number): Promise<void>
  /** Rejects when the consumer ends. */
  readonly failed: Promise<never>
  /** Records that are stored so far. */
  readonly rows: number
  stop(): Promise<void>
}

/** The consumer of the platform on a topic, in a group of its own. */
export async function startConsumer(store: Store, stream: Stream, group: string, topic = priceType.topic): Promise<Running> {
  const type = sinkDefinitions[STORE] as SinkDefinition
  const consumer = new DeliveryMember({
    pipeline: CryptoDataConsumer.name,
    destination: STORE,
    group,
    topics: [topic],
    stream,
    open: (signal) =>
      type.open({}, { name: STORE, pipeline: CryptoDataConsumer.name, store, logger: silentLogger, home: '.', signal }),
    deadLetters: new DeadLetters(stream),
    logger: silentLogger,
    settings: { lanes: LANES, refusal: 'retry' },
  })
  const stop = new AbortController()
  const running = consumer.run(stop.signal)
  const failed = running.then((): never => {
    throw new Error('the consumer was stopped')
  })
  failed.catch(() => {}) // the caller that races it gets the error
  const rows = () => {
    const { written, overwritten } = consumer.stats()
    return written + overwritten
  }
  return {
    failed,
    get rows() {
      return rows()
    },
    stored(records) {
      const all = Promise.withResolvers<void>()
      const watch = setInterval(() => {
        if (rows() >= records) all.resolve()
      }, 1)
      return Promise.race([all.promise, failed]).finally(() => clearInterval(watch))
    },
    async stop() {
      stop.abort()
      await running
    },
  }
}
