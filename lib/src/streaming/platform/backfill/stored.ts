import { setTimeout } from 'node:timers/promises'
import type { Coverage } from '../../../base/database/index.ts'
import { throwIfAborted } from '../../../base/networking/index.ts'
import { QiError, type Stream } from '../../../base/types/index.ts'
import { consumers } from '../../../consumers/index.ts'
import type { PlatformConfig } from '../config.ts'

/** Pauses between two looks at the lag, in milliseconds: they grow from the first to the last. */
const SHORTEST = 2
const LONGEST = 100

export interface StoredOptions {
  readonly stream: Stream
  readonly topic: string
  /** The consumer groups that store the topic. */
  readonly groups: readonly string[]
  readonly signal: AbortSignal | undefined
  /** Called about ten times a second once it has waited for a while. */
  readonly onWait: () => Promise<void>
}

/** Returns once every group has acknowledged all that the topic holds now: it is stored, or in the dead letters. @throws QiError CANCELLED */
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

export interface StoringHost {
  readonly config: Pick<PlatformConfig, 'consumers'>
  readonly stream: Stream
  readonly coverage: Pick<Coverage, 'platformRuns'>
  /** Starts to store, in this process, what is published. */
  consume(): Promise<void>
}

/** Waits until what was published is stored: by the platform that runs on this store, else by this process. */
export class Storing {
  readonly #host: StoringHost
  #consuming: Promise<void> | undefined

  constructor(host: StoringHost) {
    this.#host = host
  }

  /** True if this process stores. */
  get here(): boolean {
    return this.#consuming !== undefined
  }

  /** Returns once all that a topic holds now is stored, or in the dead letters. @throws QiError CANCELLED */
  async untilStored(topic: string, signal?: AbortSignal): Promise<void> {
    const { stream, config } = this.#host
    await this.consume()
    await untilStored({ stream, topic, groups: storingGroups(config, topic), signal, onWait: () => this.consume() })
  }

  /** Starts to store in this process, unless a platform runs. */
  async consume(): Promise<void> {
    if (this.#consuming || (await this.#host.coverage.platformRuns())) return
    this.#consuming ??= this.#host.consume()
    await this.#consuming
  }

  /** Returns once a start of {@link consume} has ended. */
  async close(): Promise<void> {
    await this.#consuming
  }
}

/** The consumer groups that store a topic. @throws QiError CONFIG_INVALID if there is none: its records would stay in the stream */
export function storingGroups({ consumers: names }: Pick<PlatformConfig, 'consumers'>, topic: string): readonly string[] {
  const groups = names.flatMap((name) => {
    const found = consumers[name]
    return found?.topics.includes(topic) ? [found.group] : []
  })
  if (groups.length > 0) return groups
  throw new QiError('CONFIG_INVALID', `consumers: none of ${names.join(', ')} stores ${topic}`, { field: 'consumers' })
}
