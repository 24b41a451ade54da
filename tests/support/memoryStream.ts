import {
  type AppendOptions,
  type CheckResult,
  type ClusterDescription,
  type EncodedBatch,
  encodedBatch,
  type GroupDescription,
  type Message,
  type PartitionLag,
  type Position,
  QiError,
  type ReadOptions,
  type Stream,
  type Subscription,
  type TopicDescription,
} from '../../lib/src/base/types/index.ts'

type Kept = Parameters<typeof encodedBatch>[2][number]

/** A Stream in memory for tests of what appends and reads; it knows no groups. `before` may delay or fail an append. */
export class MemoryStream implements Stream {
  readonly engine = 'embedded'
  readonly topics = new Map<string, Kept[][]>()
  readonly appends: { readonly topic: string; readonly messages: readonly Message[] }[] = []
  before: (topic: string, messages: readonly Message[], options?: AppendOptions) => Promise<void> | void = () => {}
  /** Timestamp of each message, in milliseconds. */
  now: () => number = Date.now

  async createTopics(names: readonly string[], { partitions = 6 }: { partitions?: number } = {}): Promise<void> {
    for (const name of names)
      if (!this.topics.has(name))
        this.topics.set(
          name,
          Array.from({ length: partitions }, () => []),
        )
  }

  async deleteTopics(names: readonly string[]): Promise<void> {
    for (const name of names) this.topics.delete(name)
  }

  async describeTopics(names: readonly string[] = [...this.topics.keys()]): Promise<readonly TopicDescription[]> {
    return names.flatMap((name) => {
      const partitions = this.topics.get(name)
      if (!partitions) return []
      return {
        name,
        id: name,
        partitions: partitions.map((kept, partition) => ({ partition, earliest: 0n, latest: BigInt(kept.length) })),
      }
    })
  }

  async positionsAt(topics: readonly string[], at: number): Promise<readonly Position[]> {
    return topics.flatMap((topic) =>
      this.#topic(topic).map((kept, partition) => {
        const first = kept.findIndex(({ timestamp }) => timestamp >= at)
        return { topic, partition, offset: BigInt(first < 0 ? kept.length : first) }
      }),
    )
  }

  async append(topic: string, messages: readonly Message[], options?: AppendOptions): Promise<readonly Position[]> {
    await this.before(topic, messages, options)
    const partitions = this.#topic(topic)
    this.appends.push({ topic, messages })
    const touched = new Set<number>()
    for (const { key, value, headers } of messages) {
      const partition = key === null ? 0 : [...key].reduce((sum, c) => (sum * 31 + c.charCodeAt(0)) >>> 0, 7) % partitions.length
      const kept = partitions[partition] as Kept[]
      kept.push({
        offset: BigInt(kept.length),
        key,
        value: Buffer.from(value as string),
        timestamp: this.now(),
        ...(headers && { headers }),
      })
      touched.add(partition)
    }
    return [...touched].map((partition) => ({ topic, partition, offset: BigInt((partitions[partition] as Kept[]).length) }))
  }

  async *read({ topics, from, untilEnd }: ReadOptions): AsyncGenerator<EncodedBatch> {
    if (!untilEnd) throw new QiError('UNSUPPORTED', 'the stream in memory is read to its end only')
    for (const topic of topics)
      for (const [partition, kept] of this.#topic(topic).entries()) {
        const place = Array.isArray(from)
          ? (from as readonly Position[]).find((p) => p.topic === topic && p.partition === partition)
          : undefined
        const rest = kept.slice(Number(place?.offset ?? 0n))
        for (let i = 0; i < rest.length; i += 1000) yield encodedBatch(topic, partition, rest.slice(i, i + 1000))
      }
  }

  /** Keys and texts of a topic, partition by partition. */
  texts(
    topic: string,
  ): { readonly key: string | null; readonly text: string; readonly headers: Readonly<Record<string, string>> }[] {
    const kept = this.topics.get(topic)?.flat() ?? []
    return kept.map(({ key, value, headers = {} }) => ({ key, text: Buffer.from(value).toString(), headers }))
  }

  subscribe(): Promise<Subscription> {
    throw new QiError('UNSUPPORTED', 'the stream in memory knows no groups')
  }

  async lag(): Promise<readonly PartitionLag[]> {
    return []
  }

  async describeGroups(): Promise<readonly GroupDescription[]> {
    return []
  }

  async describeCluster(): Promise<ClusterDescription> {
    return { brokers: [] }
  }

  async resetOffsets(): Promise<void> {}
  async deleteGroup(): Promise<void> {}

  async check(): Promise<CheckResult> {
    return { ok: true, summary: 'memory' }
  }

  async close(): Promise<void> {}
  async [Symbol.asyncDispose](): Promise<void> {}

  #topic(name: string): Kept[][] {
    const partitions = this.topics.get(name)
    if (!partitions) throw new QiError('NOT_FOUND', `there is no topic ${name}`)
    return partitions
  }
}
