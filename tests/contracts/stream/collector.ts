import { randomUUID } from 'node:crypto'
import { expect, onTestFinished } from 'vitest'
import type {
  EncodedBatch,
  Headers,
  Message,
  Position,
  QiError,
  Stream,
  SubscribeOptions,
  Subscription,
} from '../../../lib/src/base/types/index.ts'

/** One message as it was read. */
export interface Seen {
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
  readonly key: string | null
  readonly value: Buffer
  readonly headers: Headers
  readonly timestamp: number
}

export const unique = (name: string): string => `${name}-${randomUUID()}`

/** A topic that lasts as long as the test. */
export async function topicFor(stream: Stream, name: string, partitions = 3): Promise<string> {
  const topic = unique(name)
  await stream.createTopics([topic], { partitions })
  onTestFinished(() => stream.deleteTopics([topic]).catch(() => {}))
  return topic
}

export const messagesOf = (batch: EncodedBatch): Seen[] =>
  Array.from({ length: batch.length }, (_, i) => ({
    topic: batch.topic,
    partition: batch.partition,
    offset: batch.offset(i),
    key: batch.keys[i] ?? null,
    value: Buffer.from(batch.value(i)),
    headers: batch.headers(i),
    timestamp: batch.timestamps[i] as number,
  }))

/** Reads on in the background and keeps all that came; waiting is for what arrives, never for time. */
export class Collector {
  readonly seen: Seen[] = []
  readonly batches: EncodedBatch[] = []
  /** Settles when the iteration ends. */
  readonly ended: Promise<void>
  #failure: unknown
  #over = false
  readonly #watchers = new Set<() => void>()

  constructor(source: AsyncIterable<EncodedBatch>, onBatch: (batch: EncodedBatch) => unknown = () => {}) {
    this.ended = this.#run(source, onBatch)
    this.ended.catch(() => {})
  }

  get over(): boolean {
    return this.#over
  }

  get values(): string[] {
    return this.seen.map(({ value }) => value.toString())
  }

  /** Resolves once it holds of what was read. */
  async until(holds: (seen: readonly Seen[]) => boolean, what: string): Promise<void> {
    for (;;) {
      if (this.#failure) throw this.#failure
      if (holds(this.seen)) return
      if (this.#over) throw new Error(`the stream ended after ${this.seen.length} messages, waiting for ${what}`)
      await new Promise<void>((resolve) => {
        this.#watchers.add(resolve)
      })
    }
  }

  count(messages: number): Promise<void> {
    return this.until((seen) => seen.length >= messages, `${messages} messages`)
  }

  async #run(source: AsyncIterable<EncodedBatch>, onBatch: (batch: EncodedBatch) => unknown): Promise<void> {
    try {
      for await (const batch of source) {
        this.batches.push(batch)
        this.seen.push(...messagesOf(batch))
        await onBatch(batch)
        this.#notify()
      }
    } catch (error) {
      this.#failure = error
      throw error
    } finally {
      this.#over = true
      this.#notify()
    }
  }

  #notify(): void {
    for (const watcher of this.#watchers) watcher()
    this.#watchers.clear()
  }
}

/** A member of a group whose batches are collected, and committed where asked. */
export class Member extends Collector {
  readonly subscription: Subscription

  private constructor(subscription: Subscription, commit: boolean) {
    super(subscription, (batch) => commit && subscription.commit([batch.next]))
    this.subscription = subscription
  }

  static async join(stream: Stream, options: SubscribeOptions, { commit = true } = {}): Promise<Member> {
    const subscription = await stream.subscribe(options)
    onTestFinished(() => subscription.close())
    return new Member(subscription, commit)
  }

  async close(): Promise<void> {
    await this.subscription.close()
    await this.ended
  }
}

/** Waits until the members hold these numbers of partitions, in ascending order. */
export async function balanced(members: readonly Member[], ...sizes: number[]): Promise<void> {
  await expect.poll(() => members.map((member) => member.subscription.assignments().length).sort((a, b) => a - b)).toEqual(sizes)
}

export async function readAll(
  stream: Stream,
  topic: string,
  from: 'earliest' | readonly Position[] = 'earliest',
): Promise<Seen[]> {
  const seen: Seen[] = []
  for await (const batch of stream.read({ topics: [topic], from, untilEnd: true })) seen.push(...messagesOf(batch))
  return seen
}

/** `count` messages with the values `0`, `1`, …, over `keys` keys. */
export const numbered = (count: number, { keys = 10, from = 0 } = {}): Message[] =>
  Array.from({ length: count }, (_, i) => ({ key: `key-${(from + i) % keys}`, value: String(from + i) }))

export const sortedNumbers = (values: readonly string[]): number[] => values.map(Number).sort((a, b) => a - b)

export const range = (count: number, from = 0): number[] => Array.from({ length: count }, (_, i) => from + i)

/** The code of what a promise is rejected with. */
export async function failure(promise: Promise<unknown>): Promise<QiError> {
  return promise.then(
    () => {
      throw new Error('expected a failure')
    },
    (error: QiError) => error,
  )
}
