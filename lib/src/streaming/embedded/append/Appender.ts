import type { ClientBase } from 'pg'
import { classifyPgError, sqlState } from '../../../base/database/index.ts'
import { type AppendOptions, type Logger, type Message, type Position, QiError } from '../../../base/types/index.ts'
import type { TopicAdmin } from '../admin/TopicAdmin.ts'
import type { Topic } from '../admin/topic.ts'
import { type Connections, closedError } from '../Connections.ts'
import type { Listener } from '../Listener.ts'
import { announce } from '../notify.ts'
import { type Appended, appendedOf } from './appended.ts'
import { type AppendJob, endsOfEach, slices, takeJobs } from './appendJobs.ts'
import { encodeAppend, runAppend } from './appendSql.ts'
import { checkSizes, Partitioner } from './Partitioner.ts'

export interface AppenderOptions {
  readonly maxMessageBytes: number
  readonly lockTimeoutMs: number
  readonly logger: Logger
  readonly listener: Listener
}

/** Pending appends of one topic, in order of their calls. */
interface Queue {
  readonly waiting: AppendJob[]
  running: Promise<void> | undefined
}

/** Appends one statement per topic at a time. Appends that wait for the statement before them are written together by the next. */
export class Appender {
  readonly #connections: Connections
  readonly #topics: TopicAdmin
  readonly #options: AppenderOptions
  readonly #queues = new Map<string, Queue>()
  readonly #partitioners = new Map<number, Partitioner>()
  readonly #dirty = new Set<number>()
  #announcing: Promise<void> | undefined
  #closed = false

  constructor(connections: Connections, topics: TopicAdmin, options: AppenderOptions) {
    this.#connections = connections
    this.#topics = topics
    this.#options = options
  }

  async append(topic: string, messages: readonly Message[], { signal }: AppendOptions = {}): Promise<readonly Position[]> {
    const ends = new Map<number, Position>()
    checkSizes(topic, messages, this.#options.maxMessageBytes)
    for (const part of slices(messages)) {
      if (signal?.aborted) throw new QiError('CANCELLED', `the append to "${topic}" was cancelled`)
      for (const end of await this.#enqueue(topic, part.messages, part.bytes, signal)) ends.set(end.partition, end)
    }
    return [...ends.values()]
  }

  /**
   * Appends within the caller's transaction. Producers of the same partitions wait until it ends, so the server is told to end a
   * transaction that idles for half the lock timeout.
   */
  async appendIn(client: ClientBase, name: string, messages: readonly Message[]): Promise<readonly Position[]> {
    checkSizes(name, messages, this.#options.maxMessageBytes)
    const topic = await this.#topics.get(name)
    await client.query(
      `select set_config('idle_in_transaction_session_timeout', $1, true)
       where current_setting('idle_in_transaction_session_timeout') = '0'`,
      [String(Math.ceil(this.#options.lockTimeoutMs / 2))],
    )
    const encoded = encodeAppend(topic, messages, this.#partitioner(topic).choose(messages))
    const ends = await runAppend(client, encoded)
    await announce(client, { kind: 'data', topics: [topic.id] })
    return topic.partitions.flatMap(({ id, partition }) => {
      const end = ends.get(id)
      return end ? [{ topic: name, partition, offset: end.nextOffset }] : []
    })
  }

  #enqueue(
    topic: string,
    messages: readonly Message[],
    bytes: number,
    signal: AbortSignal | undefined,
  ): Promise<readonly Position[]> {
    if (this.#closed) return Promise.reject(closedError())
    return new Promise((resolve, reject) => {
      const queue = this.#queues.get(topic) ?? { waiting: [], running: undefined }
      this.#queues.set(topic, queue)
      const cancel = () => {
        const at = queue.waiting.indexOf(job)
        if (at >= 0) queue.waiting.splice(at, 1)
        job.reject(new QiError('CANCELLED', `the append to "${topic}" was cancelled; it may have been written`))
      }
      const unlisten = () => signal?.removeEventListener('abort', cancel)
      const job: AppendJob = {
        messages,
        bytes,
        resolve: (positions) => {
          unlisten()
          resolve(positions)
        },
        reject: (error) => {
          unlisten()
          reject(error)
        },
      }
      signal?.addEventListener('abort', cancel, { once: true })
      queue.waiting.push(job)
      queue.running ??= this.#drain(topic, queue)
    })
  }

  async #drain(topic: string, queue: Queue): Promise<void> {
    while (queue.waiting.length) {
      const jobs = takeJobs(queue.waiting)
      try {
        const written = await this.#write(topic, jobs)
        for (const [i, job] of jobs.entries()) job.resolve(written[i] as readonly Position[])
      } catch (error) {
        const failure = this.#explain(topic, error)
        for (const job of jobs) job.reject(failure)
      }
    }
    this.#queues.delete(topic)
  }

  async #write(name: string, jobs: readonly AppendJob[], retry = true): Promise<readonly (readonly Position[])[]> {
    const topic = await this.#topics.get(name)
    const messages = jobs.length === 1 ? (jobs[0] as AppendJob).messages : jobs.flatMap((job) => job.messages)
    if (messages.length === 0) return jobs.map(() => [])
    const chosen = this.#partitioner(topic).choose(messages)
    const encoded = encodeAppend(topic, messages, chosen)
    try {
      const ends = await this.#connections.run((client) => runAppend(client, encoded))
      this.#announce(topic.id, appendedOf(encoded, ends))
      return endsOfEach(topic, jobs, chosen, ends)
    } catch (error) {
      // The topic may have been deleted and created again with other partitions.
      if (!retry || !(error instanceof QiError) || error.code !== 'NOT_FOUND') throw error
      this.#topics.forget()
      return this.#write(name, jobs, false)
    }
  }

  #partitioner(topic: Topic): Partitioner {
    const partitioner = this.#partitioners.get(topic.id) ?? new Partitioner(topic.partitions.length)
    this.#partitioners.set(topic.id, partitioner)
    return partitioner
  }

  /**
   * Wakes readers after the commit: those of this client directly with the appended records, others by NOTIFY in a separate
   * statement. NOTIFY within the append would serialise all producers: PostgreSQL holds one global lock from it to the end of the
   * commit.
   */
  #announce(topicId: number, appended: ReadonlyMap<number, Appended> | undefined): void {
    this.#options.listener.emit({ kind: 'data', topics: [topicId], ...(appended && { appended }) })
    this.#dirty.add(topicId)
    this.#announcing ??= this.#announceAll().finally(() => {
      this.#announcing = undefined
    })
  }

  async #announceAll(): Promise<void> {
    while (this.#dirty.size) {
      const topics = [...this.#dirty]
      this.#dirty.clear()
      try {
        await this.#connections.run((client) => announce(client, { kind: 'data', topics, from: this.#options.listener.self }))
      } catch (error) {
        this.#options.logger.debug({ err: error }, 'a notice of new messages failed; readers poll')
      }
    }
  }

  #explain(topic: string, error: unknown): QiError {
    const cause = error instanceof QiError ? error.cause : error
    if (sqlState(cause) === '55P03')
      return new QiError(
        'TIMEOUT',
        `append to "${topic}": another producer's open transaction has locked a partition for ${this.#options.lockTimeoutMs} ms; try again`,
        { cause },
      )
    return classifyPgError(error, `append to "${topic}"`)
  }

  /** Waits for pending appends. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#queues.values()].map((queue) => queue.running))
    await this.#announcing
  }
}
