import { Consumer, FetchIsolationLevels, type RecordsBatch } from '@platformatic/kafka'
import { QiError, type TopicPartition } from '../../base/index.ts'
import type { ConnectionSettings } from './connection.ts'
import { encodeRecords } from './encode.ts'
import { causes, hasApiError, kafkaError } from './errors.ts'
import type { Fetched, FetchLimits, PartitionFetcher, Want } from './PartitionFetcher.ts'

const OFFSET_OUT_OF_RANGE = 1

type FetchResponse = Awaited<ReturnType<Consumer['fetch']>>

/**
 * Fetches by the library's consumer, outside of any group: on connections of its own, where a request that waits for messages
 * holds up no heartbeat.
 */
export class LibraryFetcher implements PartitionFetcher {
  readonly #consumer: Consumer
  readonly #address: string
  #topics: readonly string[]
  #stale = false

  constructor({ options, address }: ConnectionSettings, topics: readonly string[]) {
    this.#consumer = new Consumer({
      ...options,
      groupId: 'qicore-reader',
      retries: 0,
      isolationLevel: FetchIsolationLevels.READ_COMMITTED,
    })
    this.#consumer.on('error', () => {})
    this.#consumer.topics.trackAll(...topics)
    this.#topics = topics
    this.#address = address
  }

  async byLeader<P extends TopicPartition>(partitions: readonly P[]): Promise<ReadonlyMap<number, readonly P[]>> {
    const { topics } = await this.#metadata()
    return Map.groupBy(partitions, ({ topic, partition }) => {
      const leader = topics.get(topic)?.partitions[partition]?.leader
      if (leader === undefined || leader < 0) {
        this.#stale = true
        throw new QiError('UNAVAILABLE', `partition ${partition} of topic ${topic} has no leader just now`)
      }
      return leader
    })
  }

  async fetch(
    leader: number,
    wants: readonly Want[],
    { maxBytes, maxAnswerBytes, maxWaitMs }: FetchLimits,
  ): Promise<readonly Fetched[]> {
    const { topics } = await this.#metadata()
    const asked = new Map<string, Map<number, Want>>()
    const requests = [...Map.groupBy(wants, ({ topic }) => topic)].map(([topic, partitions]) => {
      const topicId = topics.get(topic)?.id ?? ''
      asked.set(topicId, new Map(partitions.map((want) => [want.partition, want])))
      return {
        topicId,
        partitions: partitions.map(({ partition, offset, wireBytes }) => ({
          partition,
          fetchOffset: offset,
          partitionMaxBytes: wireBytes,
          currentLeaderEpoch: -1,
          lastFetchedEpoch: -1,
        })),
      }
    })
    const response = await this.#request({
      node: leader,
      topics: requests,
      minBytes: 1,
      maxBytes: maxAnswerBytes,
      maxWaitTime: maxWaitMs,
    })
    return response.responses.flatMap(({ topicId, partitions }) =>
      partitions.flatMap((answer): Fetched[] => {
        const want = asked.get(topicId)?.get(answer.partitionIndex)
        if (!want) return []
        if (answer.errorCode === OFFSET_OUT_OF_RANGE) return [{ ...want, batches: [], nextOffset: want.offset, outOfRange: true }]
        return answer.errorCode === 0 ? [fetched(want, answer.records ?? [], maxBytes)] : []
      }),
    )
  }

  async close(): Promise<void> {
    await this.#consumer.close(true)
  }

  /** An answer in which some partitions failed still holds what the others brought, if only one is out of range. */
  async #request(options: Parameters<Consumer['fetch']>[0]): Promise<FetchResponse> {
    try {
      return await this.#consumer.fetch(options)
    } catch (error) {
      const response = causes(error)
        .map((fault) => (fault as { response?: FetchResponse }).response)
        .find((r) => r?.responses)
      if (response && hasApiError(error, 'OFFSET_OUT_OF_RANGE')) return response
      this.#stale = true
      throw kafkaError(error, `read ${this.#topics.join(', ')}`, this.#address)
    }
  }

  async #metadata(): ReturnType<Consumer['metadata']> {
    try {
      const metadata = await this.#consumer.metadata({ topics: [...this.#topics], forceUpdate: this.#stale })
      this.#stale = false
      return metadata
    } catch (error) {
      this.#stale = true
      throw kafkaError(error, `read ${this.#topics.join(', ')}`, this.#address)
    }
  }
}

function fetched(want: Want, records: readonly RecordsBatch[], maxBytes: number): Fetched {
  const { topic, partition, offset, until } = want
  const last = records.at(-1)
  const end = last ? last.firstOffset + BigInt(last.lastOffsetDelta) + 1n : offset
  return {
    topic,
    partition,
    batches: encodeRecords(records, { topic, partition, from: offset, until, maxBytes }),
    nextOffset: end > offset ? end : offset,
  }
}
