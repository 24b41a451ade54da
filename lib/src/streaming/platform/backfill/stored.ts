import { setTimeout } from 'node:timers/promises'
import { type Stream, throwIfAborted } from '../../../base/index.ts'

/** Between two looks, in milliseconds: the first, and at most. */
const SHORTEST = 2
const LONGEST = 100

export interface StoredOptions {
  readonly stream: Stream
  readonly topic: string
  /** Those that store the topic. */
  readonly groups: readonly string[]
  readonly signal: AbortSignal | undefined
  /** Told now and then while it waits. */
  readonly onWait: () => Promise<void>
}

/** Returns when all that the topic holds now is stored or set aside: every group has acknowledged it. @throws QiError CANCELLED */
export async function untilStored({ stream, topic, groups, signal, onWait }: StoredOptions): Promise<void> {
  const [described] = await stream.describeTopics([topic])
  const open = new Map((described?.partitions ?? []).filter((p) => p.latest > p.earliest).map((p) => [p.partition, p.latest]))
  const waiting = new Map(groups.map((group) => [group, new Map(open)]))
  for (let pause = SHORTEST; ; pause = Math.min(pause * 1.5, LONGEST)) {
    for (const [group, partitions] of waiting) {
      for (const { topic: of, partition, offset } of await stream.lag(group)) {
        const wanted = of === topic ? partitions.get(partition) : undefined
        if (wanted !== undefined && offset >= wanted) partitions.delete(partition)
      }
      if (partitions.size === 0) waiting.delete(group)
    }
    if (waiting.size === 0) return
    throwIfAborted(signal)
    if (pause === LONGEST) await onWait()
    await setTimeout(pause)
  }
}
