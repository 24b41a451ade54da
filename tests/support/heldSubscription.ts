import {
  type EncodedBatch,
  encodedBatch,
  type Position,
  type Price,
  price,
  type Subscription,
  type TopicPartition,
} from '../../lib/src/base/types/index.ts'

/** A subscription whose batches the test hands in, and whose commits it can hold up or fail. */
export class HeldSubscription implements Subscription {
  readonly committed: Position[] = []
  closed = false
  pulled = 0
  /** Runs before each commit. */
  beforeCommit: (positions: readonly Position[]) => Promise<void> = async () => {}
  readonly #queue: EncodedBatch[] = []
  readonly #paused = new Set<string>()
  #wake = Promise.withResolvers<void>()

  give(...batches: EncodedBatch[]): void {
    this.#queue.push(...batches)
    this.#wake.resolve()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<EncodedBatch> {
    while (!this.closed) {
      const at = this.#queue.findIndex(({ topic, partition }) => !this.#paused.has(`${topic}/${partition}`))
      const [batch] = at < 0 ? [] : this.#queue.splice(at, 1)
      if (batch) {
        this.pulled++
        yield batch
      } else {
        this.#wake = Promise.withResolvers<void>()
        await this.#wake.promise
      }
    }
  }

  async commit(positions: readonly Position[]): Promise<void> {
    await this.beforeCommit(positions)
    this.committed.push(...positions)
  }

  async close(): Promise<void> {
    this.closed = true
    this.#wake.resolve()
  }

  [Symbol.asyncDispose] = (): Promise<void> => this.close()
  assignments = () => []
  holds: (batch: EncodedBatch) => boolean = () => true
  pause = (partitions: readonly TopicPartition[]): void => {
    for (const { topic, partition } of partitions) this.#paused.add(`${topic}/${partition}`)
  }
  resume = (partitions: readonly TopicPartition[]): void => {
    for (const { topic, partition } of partitions) this.#paused.delete(`${topic}/${partition}`)
    this.#wake.resolve()
  }
  seek = async () => {}
}

const TIME = Date.UTC(2026, 0, 1) * 1000

export const aPrice = (offset: number): Price =>
  price.fromWire({
    coin_id: `coin-${offset}`,
    source: 'test',
    time: '2026-01-01T00:00:00Z',
    received_at: '2026-01-01T00:00:01Z',
    origin: 'live',
    currency: 'usd',
    price: `${offset + 1}.5`,
  })

/** Prices of one partition; `broken` replaces the value at an offset. */
export const priceBatch = (partition: number, first: number, count: number, broken: Record<number, string> = {}): EncodedBatch =>
  encodedBatch(
    price.topic,
    partition,
    Array.from({ length: count }, (_, i) => ({
      offset: BigInt(first + i),
      key: `test:coin-${first + i}`,
      value: Buffer.from(broken[first + i] ?? price.encode(aPrice(first + i))),
      timestamp: TIME / 1000,
    })),
  )
