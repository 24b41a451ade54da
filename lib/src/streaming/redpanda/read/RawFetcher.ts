import {
  Admin,
  type Broker,
  type ClusterMetadata,
  type Connection,
  FetchIsolationLevels,
  kGetApi,
  kGetConnection,
  type Reader,
  ResponseError,
} from '@platformatic/kafka'
import { QiError, type TopicPartition } from '../../../base/types/index.ts'
import { freeMemory, type Releasable, readRuns, SharedMemory } from '../../../base/types/wire/index.ts'
import type { ConnectionSettings } from '../connection.ts'
import { kafkaError } from '../errors.ts'
import {
  createFetchRequest,
  FETCH_KEY,
  isFlexible,
  namesTopicsById,
  type PartitionAnswer,
  parseFetchResponse,
} from './fetchWire.ts'
import type { Fetched, FetchLimits, PartitionFetcher, Want } from './PartitionFetcher.ts'
import { readRecordSet } from './recordSet.ts'

const OFFSET_OUT_OF_RANGE = 1
/** Marks a request outside of a fetch session: each request names all its partitions. */
const NO_SESSION = { id: 0, epoch: -1 } as const

type Callback<T> = (error: Error | null, result?: T) => void

interface Answer {
  readonly partitions: readonly PartitionAnswer[]
  /** The memory of the records of all partitions; each partition holds it once. */
  readonly memory: Releasable
}

/**
 * Fetches over the library's connections, which sign in and negotiate versions, but parses the answers itself: records stay the
 * bytes received, while the library would make several objects of each.
 */
export class RawFetcher implements PartitionFetcher {
  readonly #client: Admin
  readonly #address: string
  readonly #topics: readonly string[]
  /** By partition, the offset that came damaged last. If it comes damaged again, the broker's copy is damaged. */
  readonly #suspects = new Map<string, bigint>()
  #stale = false

  constructor({ options, address }: ConnectionSettings, topics: readonly string[]) {
    this.#client = new Admin({ ...options, retries: 0 })
    this.#topics = topics
    this.#address = address
  }

  async byLeader<P extends TopicPartition>(partitions: readonly P[]): Promise<ReadonlyMap<number, readonly P[]>> {
    const { topics } = await this.#metadata()
    return Map.groupBy(partitions, ({ topic, partition }) => {
      const leader = topics.get(topic)?.partitions[partition]?.leader
      if (leader === undefined || leader < 0) {
        this.#stale = true
        throw new QiError('UNAVAILABLE', `partition ${partition} of topic ${topic} has no leader at the moment`)
      }
      return leader
    })
  }

  async fetch(leader: number, wants: readonly Want[], limits: FetchLimits): Promise<readonly Fetched[]> {
    const { topics, brokers } = await this.#metadata()
    const broker = brokers.get(leader)
    try {
      if (!broker) throw new QiError('UNAVAILABLE', `broker ${leader} is not known at the moment`)
      const { version } = await this.#call<{ version: number }>((done) => this.#client[kGetApi]('Fetch', done as never))
      const nameOf = (topic: string): string => (namesTopicsById(version) ? (topics.get(topic)?.id ?? '') : topic)
      const answer = await this.#request(broker, version, wants, nameOf, limits)
      return this.#fetched(
        version,
        answer,
        new Map(wants.map((want) => [`${nameOf(want.topic)}:${want.partition}`, want])),
        limits,
      )
    } catch (error) {
      this.#stale = true
      throw kafkaError(error, `read ${this.#topics.join(', ')}`, this.#address)
    }
  }

  async close(): Promise<void> {
    await this.#client.close()
  }

  async #request(
    broker: Broker,
    version: number,
    wants: readonly Want[],
    nameOf: (topic: string) => string,
    { maxAnswerBytes, maxWaitMs }: FetchLimits,
  ): Promise<Answer> {
    const createRequest = createFetchRequest[version]
    if (!createRequest) throw new QiError('UNSUPPORTED', `fetch requests of version ${version} are not supported`)
    const connection = await this.#call<Connection>((done) => this.#client[kGetConnection](broker, done as never))
    const topics = [...Map.groupBy(wants, ({ topic }) => topic)].map(([topic, partitions]) => ({
      topicId: nameOf(topic),
      partitions: partitions.map(({ partition, offset, wireBytes }) => ({
        partition,
        fetchOffset: offset,
        partitionMaxBytes: wireBytes,
        currentLeaderEpoch: -1,
        lastFetchedEpoch: -1,
      })),
    }))
    const create = () =>
      createRequest(
        maxWaitMs,
        1,
        maxAnswerBytes,
        FetchIsolationLevels.READ_COMMITTED,
        NO_SESSION.id,
        NO_SESSION.epoch,
        topics,
        [],
        '',
      )
    const parse = (_correlation: number, _key: number, _version: number, { buffer, position }: Reader) => {
      const bytes = buffer.slice(position)
      return { ...parseFetchResponse(bytes, version), bytes, chunks: buffer.buffers }
    }
    try {
      const { error, partitions, bytes, chunks } = await this.#call<ReturnType<typeof parse>>((done) => {
        connection.send(FETCH_KEY, version, create, parse, isFlexible(version), isFlexible(version), done as never)
      })
      freeChunks(chunks, bytes)
      if (error) throw failure(version, error)
      return { partitions, memory: new SharedMemory([bytes], partitions.length) }
    } catch (error) {
      // The connection may still deliver an answer that nobody waits for.
      connection.close(() => {})
      throw error
    }
  }

  /** If some partitions failed, the messages of the others still count. */
  #fetched(
    version: number,
    { partitions, memory }: Answer,
    wants: ReadonlyMap<string, Want>,
    { maxBytes }: FetchLimits,
  ): readonly Fetched[] {
    let failed: PartitionAnswer | undefined
    const fetched = partitions.flatMap((answer): Fetched[] => {
      const want = wants.get(`${answer.topic}:${answer.partition}`)
      if (want && answer.error === 0 && answer.records) return [this.#batchesOf(want, answer, memory, maxBytes)]
      memory.release()
      if (!want) return []
      if (answer.error === OFFSET_OUT_OF_RANGE) return [{ ...want, batches: [], nextOffset: want.offset, outOfRange: true }]
      if (answer.error !== 0) failed = answer
      return []
    })
    if (failed) {
      if (fetched.length === 0) throw failure(version, failed.error)
      this.#stale = true
    }
    return fetched
  }

  #batchesOf(want: Want, { records, aborted }: PartitionAnswer, memory: Releasable, maxBytes: number): Fetched {
    const { topic, partition, offset, until } = want
    // Twice the target, so that little is fetched again if the size was a bit off.
    const { buffers, nextOffset, suspect } = readRecordSet(records as Buffer, offset, aborted, 2 * maxBytes)
    const key = `${topic}:${partition}`
    const again = suspect !== undefined && this.#suspects.get(key) !== suspect
    if (again) this.#suspects.set(key, suspect)
    else this.#suspects.delete(key)
    const end = again && (until === undefined || suspect < until) ? suspect : until
    const limits = { topic, partition, from: offset, maxBytes, ...(end === undefined ? {} : { until: end }) }
    const inPlace = buffers.filter(({ owned }) => !owned).length
    const ofAnswer = new SharedMemory([], inPlace, memory)
    if (inPlace === 0) memory.release()
    const batches = buffers.flatMap(({ bytes, runs, owned }) =>
      readRuns({ bytes, runs, memory: owned ? new SharedMemory([bytes], 1) : ofAnswer, ...limits }),
    )
    return { topic, partition, batches, nextOffset: again ? suspect : nextOffset }
  }

  async #metadata(): Promise<ClusterMetadata> {
    try {
      const metadata = await this.#client.metadata({ topics: [...this.#topics], forceUpdate: this.#stale })
      this.#stale = false
      return metadata
    } catch (error) {
      this.#stale = true
      throw kafkaError(error, `read ${this.#topics.join(', ')}`, this.#address)
    }
  }

  #call<T>(start: (done: Callback<T>) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      start((error, result) => (error ? reject(error) : resolve(result as T)))
    })
  }
}

/** Bytes of size, correlation id and tags, which the library has read. */
const HEADER_BYTES = 9

/** Frees the network chunks of an answer, except those that hold other bytes too. */
function freeChunks(chunks: readonly Buffer[], answer: Buffer): void {
  // An answer in several chunks was copied into one buffer; one in a single chunk was not.
  if (chunks.some(({ buffer }) => buffer === answer.buffer)) return
  for (const { buffer, byteOffset, length } of chunks)
    if (byteOffset <= HEADER_BYTES && byteOffset + length === buffer.byteLength) freeMemory(new Uint8Array(buffer))
}

const failure = (version: number, code: number): Error => new ResponseError(FETCH_KEY, version, { '': [code, null] }, {})
