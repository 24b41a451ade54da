import { type EncodedBatch, type Position, QiError, type Subscription, type TopicPartition } from '../../base/index.ts'
import { type Held, partitionKey } from './held.ts'
import type { Listener } from './listener.ts'
import type { Membership } from './membership.ts'
import type { Reader } from './reader.ts'

export interface SubscriptionParts {
  readonly reader: Reader
  readonly membership: Membership
  readonly listener: Listener
  /** What a partition holds now. */
  readonly bounds: (partition: TopicPartition) => Promise<{ readonly earliest: bigint; readonly latest: bigint }>
  readonly onClose: () => void
}

/** A member of a group and its reader, as the contract shows them. */
export class EmbeddedSubscription implements Subscription {
  readonly #parts: SubscriptionParts
  readonly #stopHearing: () => void
  #closing: Promise<void> | undefined

  constructor(parts: SubscriptionParts) {
    this.#parts = parts
    this.#stopHearing = parts.listener.hear((notice) => {
      if (notice?.kind === 'data') parts.reader.notice(notice.topics, notice.appended)
      else if (notice?.kind !== 'group' || notice.group === parts.membership.group) parts.membership.look()
      if (!notice) parts.reader.notice()
    })
  }

  assignments(): readonly TopicPartition[] {
    return this.#parts.membership.held.map(({ cursor: { partition } }) => ({
      topic: partition.topic,
      partition: partition.partition,
    }))
  }

  holds(batch: EncodedBatch): boolean {
    return this.#parts.reader.cursorOf(batch)?.lost === false
  }

  async commit(positions: readonly Position[]): Promise<void> {
    this.#checkOpen()
    const offsets = new Map<string, bigint>()
    for (const { topic, partition, offset } of positions) {
      const key = partitionKey(topic, partition)
      const before = offsets.get(key)
      if (before === undefined || before < offset) offsets.set(key, offset)
    }
    await this.#parts.membership.commit(offsets)
  }

  pause(partitions?: readonly TopicPartition[]): void {
    this.#parts.reader.paused.pause(partitions)
    // Fetched chunks are fetched again later: kept, they would use up what the other partitions share.
    for (const { cursor } of this.#those(partitions)) cursor.rewind()
  }

  resume(partitions?: readonly TopicPartition[]): void {
    this.#parts.reader.paused.resume(partitions)
    this.#parts.reader.touch()
  }

  async seek(position: Position): Promise<void> {
    this.#checkOpen()
    const { topic, partition, offset } = position
    const [held] = this.#those([position])
    if (!held) throw new QiError('BAD_REQUEST', `seek: partition ${partition} of "${topic}" is not held by this member`)
    const { earliest, latest } = await this.#parts.bounds(position)
    if (offset < earliest || offset > latest)
      throw new QiError(
        'BAD_REQUEST',
        `seek: partition ${partition} of "${topic}" holds ${earliest} to ${latest}, not ${offset}`,
        { field: 'offset' },
      )
    held.seek(offset)
    this.#parts.reader.touch()
  }

  #checkOpen(): void {
    if (this.#closing) throw new QiError('CLOSED', 'the subscription is closed')
  }

  #those(partitions: readonly TopicPartition[] | undefined): readonly Held[] {
    const all = this.#parts.membership.held
    if (!partitions) return all
    const keys = new Set(partitions.map(({ topic, partition }) => partitionKey(topic, partition)))
    return all.filter((held) => keys.has(held.key))
  }

  [Symbol.asyncIterator](): AsyncIterator<EncodedBatch> {
    return {
      next: async () => {
        const value = await this.#parts.reader.next()
        return value ? { done: false, value } : { done: true, value: undefined }
      },
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#stopHearing()
    this.#parts.reader.close()
    await this.#parts.membership.close()
    this.#parts.onClose()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
