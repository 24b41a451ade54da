import { QiError, type Subscription, type TopicPartition } from '../../../base/types/index.ts'
import type { Intake } from './Intake.ts'

export interface LanePoolOptions {
  readonly count: number
  readonly subscription: Subscription
  readonly intake: Intake
  /** Takes and writes until the intake has finished, or `wanted` is false. */
  readonly run: (pool: LanePool, wanted: () => boolean, index: number) => Promise<void>
}

/**
 * The lanes of one member, and a state for each topic, so that a topic that cannot be written delays no other:
 *
 * | topic | entered | left |
 * |---|---|---|
 * | flowing | at the start | {@link trouble} |
 * | in trouble | the first lane calls {@link trouble}: its partitions are paused, the intake holds it back, and one more lane starts for the other topics | each of those lanes has called {@link recovered}: its partitions are resumed, the intake hands it out again, and the additional lane ends |
 */
export class LanePool {
  readonly #options: LanePoolOptions
  readonly #finished = Promise.withResolvers<void>()
  /** Topics in trouble, with the number of lanes that are retrying. */
  readonly #troubled = new Map<string, number>()
  readonly #paused = new Map<string, TopicPartition[]>()
  #running = 0

  constructor(options: LanePoolOptions) {
    this.#options = options
    this.#finished.promise.catch(() => {})
    for (let i = 0; i < options.count; i++) this.#start(() => true, i)
  }

  /** Resolves when every lane has ended; rejects with the first failure. */
  get finished(): Promise<void> {
    return this.#finished.promise
  }

  /** Called by a lane when its write failed for the first time. */
  trouble(topic: string): void {
    const before = this.#troubled.get(topic) ?? 0
    this.#troubled.set(topic, before + 1)
    if (before > 0) return
    const { subscription, intake } = this.#options
    intake.hold(topic)
    this.#pause(
      topic,
      subscription.assignments().filter((partition) => partition.topic === topic),
    )
    this.#start(() => this.#troubled.has(topic), this.#options.count)
  }

  /**
   * Called by the same lane once its write has succeeded, or was given up.
   * @throws QiError INTERNAL where the topic is not in trouble
   */
  recovered(topic: string): void {
    const lanes = this.#troubled.get(topic)
    if (lanes === undefined) throw new QiError('INTERNAL', `topic ${topic} recovered without having been in trouble`)
    if (lanes > 1) {
      this.#troubled.set(topic, lanes - 1)
      return
    }
    this.#troubled.delete(topic)
    this.#options.subscription.resume(this.#paused.get(topic) ?? [])
    this.#paused.delete(topic)
    this.#options.intake.release(topic)
  }

  /** Called with the partition of each batch that was read: one that was assigned after {@link trouble} is not paused yet. */
  read(partition: TopicPartition): void {
    if (this.#troubled.has(partition.topic)) this.#pause(partition.topic, [partition])
  }

  #pause(topic: string, partitions: readonly TopicPartition[]): void {
    if (partitions.length === 0) return
    this.#paused.set(topic, [...(this.#paused.get(topic) ?? []), ...partitions])
    this.#options.subscription.pause(partitions)
  }

  #start(wanted: () => boolean, index: number): void {
    this.#running++
    this.#options.run(this, wanted, index).then(() => {
      this.#running--
      if (this.#running === 0) this.#finished.resolve()
    }, this.#finished.reject)
  }
}
