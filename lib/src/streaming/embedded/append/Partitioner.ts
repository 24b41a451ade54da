import { type Message, QiError } from '../../../base/types/index.ts'
import { messageSize, partitionOf } from '../../../base/types/wire/index.ts'

/** Keys whose partition is cached; a topic rarely has more. */
const MAX_KEYS = 20_000

/** Chooses partitions: by Kafka's hash of the key, or round robin for messages without a key. */
export class Partitioner {
  readonly #partitions: number
  readonly #known = new Map<string, number>()
  #turn = 0

  constructor(partitions: number) {
    this.#partitions = partitions
  }

  /** @returns the partition of each message */
  choose(messages: readonly Message[]): Uint16Array {
    const chosen = new Uint16Array(messages.length)
    for (let i = 0; i < chosen.length; i++) {
      const { key } = messages[i] as Message
      chosen[i] = key === null ? this.#turn++ % this.#partitions : this.#ofKey(key)
    }
    return chosen
  }

  #ofKey(key: string): number {
    const known = this.#known.get(key)
    if (known !== undefined) return known
    if (this.#known.size >= MAX_KEYS) this.#known.clear()
    const partition = partitionOf(key, this.#partitions)
    this.#known.set(key, partition)
    return partition
  }
}

/** @throws QiError BAD_REQUEST naming size and limit of the first message that is too large */
export function checkSizes(topic: string, messages: readonly Message[], limit: number): void {
  messages.forEach((message, i) => {
    const size = messageSize(message)
    if (size > limit)
      throw new QiError(
        'BAD_REQUEST',
        `message ${i} for "${topic}" has ${size} bytes, more than the ${limit} allowed (max_message_bytes)`,
      )
  })
}
