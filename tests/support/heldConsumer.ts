import { onTestFinished } from 'vitest'
import {
  type Price,
  price,
  type QiError,
  type RowSink,
  type Sink,
  silentLogger,
  type WriteResult,
} from '../../lib/src/base/types/index.ts'
import {
  type DeadLetter,
  type DeadLetters,
  DeliveryMember,
  type DeliverySettings,
} from '../../lib/src/streaming/pipelines/index.ts'
import { HeldSubscription } from './heldSubscription.ts'
import { MemoryStream } from './memoryStream.ts'

/** A sink that the test can hold up or let fail. */
export class HeldSink implements RowSink {
  readonly name = 'held'
  readonly guarantee = 'upsert'
  readonly writes: Price[][] = []
  before: (records: readonly Price[]) => Promise<void> = async () => {}
  failing: (record: Price) => QiError | undefined = () => undefined
  accepts = () => true
  check = async () => ({ ok: true, summary: 'test' })
  close = async () => {};
  [Symbol.asyncDispose] = async () => {}

  async write(_type: unknown, records: readonly unknown[]): Promise<WriteResult> {
    const given = records as Price[]
    await this.before(given)
    const failed = given.flatMap((record, index) => {
      const error = this.failing(record)
      return error ? [{ index, error }] : []
    })
    this.writes.push(given.filter((record) => !this.failing(record)))
    return { written: given.length - failed.length, failed }
  }

  get coins(): string[] {
    return this.writes.flat().map((record) => record.coinId)
  }
}

/** A consumer that runs, on a subscription and a sink that the test holds. */
export function started(settings: Partial<DeliverySettings> = {}, open?: (sink: HeldSink) => Promise<Sink>) {
  const subscription = new HeldSubscription()
  const stream = Object.assign(new MemoryStream(), { subscribe: async () => subscription })
  const sink = new HeldSink()
  const letters: DeadLetter[] = []
  const consumer = new DeliveryMember({
    pipeline: 'test',
    destination: 'held',
    topics: [price.topic],
    stream,
    open: () => open?.(sink) ?? Promise.resolve(sink),
    deadLetters: { put: async (given: readonly DeadLetter[]) => void letters.push(...given) } as unknown as DeadLetters,
    logger: silentLogger,
    settings,
  })
  const stop = new AbortController()
  const running = consumer.run(stop.signal)
  running.catch(() => {})
  onTestFinished(() => stop.abort())
  const finish = async () => {
    stop.abort()
    await running
  }
  return { subscription, sink, letters, consumer, running, finish }
}

export const turn = () => new Promise(setImmediate)
/** Waits, a turn of the event loop at a time. */
export const until = async (holds: () => boolean) => {
  while (!holds()) await turn()
}
