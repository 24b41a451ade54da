import type { Subscription, TopicPartition } from '../../base/index.ts'
import type { Intake } from './intake.ts'

export interface LanesOptions {
  readonly count: number
  readonly subscription: Subscription
  readonly intake: Intake
  /** Takes and writes until the intake has ended, or the lane is no longer wanted. */
  readonly run: (lanes: Lanes, wanted: () => boolean, index: number) => Promise<void>
}

/**
 * The writers of a consumer. A topic whose writes fail keeps the lanes that are at it busy with trying again. So that it delays
 * no other, nothing more of it is read or handed out until a write succeeds, and meanwhile there is one lane more.
 */
export class Lanes {
  readonly #options: LanesOptions
  readonly #finished = Promise.withResolvers<void>()
  /** How many lanes try again, by topic. */
  readonly #troubled = new Map<string, number>()
  readonly #paused = new Map<string, TopicPartition[]>()
  #running = 0

  constructor(options: LanesOptions) {
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

  /** Called by the same lane once its write has succeeded, or was given up. */
  recovered(topic: string): void {
    const left = (this.#troubled.get(topic) ?? 1) - 1
    if (left > 0) {
      this.#troubled.set(topic, left)
      return
    }
    this.#troubled.delete(topic)
    this.#options.subscription.resume(this.#paused.get(topic) ?? [])
    this.#paused.delete(topic)
    this.#options.intake.release(topic)
  }

  /** Called with each partition that something was read of: one that was assigned meanwhile is not paused yet. */
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
