import type { TopicPartition } from './contracts/stream.ts'

const keyOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`

/**
 * The partitions of a subscription that are paused, by name: a pause outlives the session in which it was made, and can be
 * ended while no partition is held.
 */
export class PausedPartitions {
  readonly #named = new Set<string>()
  /** Resumed by name while all are paused. */
  readonly #excepted = new Set<string>()
  #all = false

  has(partition: TopicPartition): boolean {
    const key = keyOf(partition)
    return this.#all ? !this.#excepted.has(key) : this.#named.has(key)
  }

  /** Pauses all, also those that are assigned later, when none are named. */
  pause(partitions?: readonly TopicPartition[]): void {
    if (!partitions) {
      this.#all = true
      this.#excepted.clear()
    } else
      for (const key of partitions.map(keyOf)) {
        this.#named.add(key)
        this.#excepted.delete(key)
      }
  }

  resume(partitions?: readonly TopicPartition[]): void {
    if (!partitions) {
      this.#all = false
      this.#named.clear()
    } else
      for (const key of partitions.map(keyOf)) {
        this.#named.delete(key)
        if (this.#all) this.#excepted.add(key)
      }
  }
}
