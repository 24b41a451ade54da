import type { ClientBase } from 'pg'
import {
  type AppendOptions,
  classifyPgError,
  type Logger,
  type Message,
  type Position,
  QiError,
  sqlState,
} from '../../base/index.ts'
import { type Appended, appendedOf } from './appended.ts'
import { encodeAppend, runAppend } from './appendSql.ts'
import { endsOfEach, slices, take, type Waiting } from './appendTogether.ts'
import { type Connections, closedError } from './connections.ts'
import type { Listener } from './listener.ts'
import { announce } from './notify.ts'
import { checkSizes, Partitioner } from './partitioner.ts'
import type { Topic, Topics } from './topics.ts'

export interface AppenderOptions {
  readonly maxMessageBytes: number
  readonly lockTimeoutMs: number
  readonly logger: Logger
  readonly listener: Listener
}

/** Appends of one topic: in order of their calls, those that wait for the one before written together. */
interface Queue {
  readonly waiting: Waiting[]
  running: Promise<void> | undefined
}

export class Appender {
  readonly #connections: Connections
  readonly #topics: Topics
  readonly #options: AppenderOptions
  readonly #queues = new Map<string, Queue>()
  readonly #partitioners = new Map<number, Partitioner>()
  readonly #dirty = new Set<number>()
  #announcing: Promise<void> | undefined
  #closed = false

  constructor(connections: Connections, topics: Topics, options: AppenderOptions) {
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
   * Appends within a transaction of the caller: visible when it commits, nothing when it rolls back. Until then producers of the
   * same partitions wait, so the server ends a transaction that stays idle for half the lock time-out.
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
        const at = queue.waiting.indexOf(entry)
        if (at >= 0) queue.waiting.splice(at, 1)
        entry.reject(new QiError('CANCELLED', `the append to "${topic}" was cancelled; it may have been written`))
      }
      const settled = () => signal?.removeEventListener('abort', cancel)
      const entry: Waiting = {
        messages,
        bytes,
        resolve: (positions) => {
          settled()
          resolve(positions)
        },
        reject: (error) => {
          settled()
          reject(error)
        },
      }
      signal?.addEventListener('abort', cancel, { once: true })
      queue.waiting.push(entry)
      queue.running ??= this.#drain(topic, queue)
    })
  }

  async #drain(topic: string, queue: Queue): Promise<void> {
    while (queue.waiting.length) {
      const together = take(queue.waiting)
      try {
        const written = await this.#write(topic, together)
        for (const [i, entry] of together.entries()) entry.resolve(written[i] as readonly Position[])
      } catch (error) {
        const failure = this.#explain(topic, error)
        for (const entry of together) entry.reject(failure)
      }
    }
    this.#queues.delete(topic)
  }

  async #write(name: string, together: readonly Waiting[], again = true): Promise<readonly (readonly Position[])[]> {
    const topic = await this.#topics.get(name)
    const messages = together.length === 1 ? (together[0] as Waiting).messages : together.flatMap((entry) => entry.messages)
    if (messages.length === 0) return together.map(() => [])
    const chosen = this.#partitioner(topic).choose(messages)
    const encoded = encodeAppend(topic, messages, chosen)
    try {
      const ends = await this.#connections.run((client) => runAppend(client, encoded))
      this.#announce(topic.id, appendedOf(encoded, ends))
      return endsOfEach(topic, together, chosen, ends)
    } catch (error) {
      // The topic may have been deleted and created again: it has other partitions then.
      if (!again || !(error instanceof QiError) || error.code !== 'NOT_FOUND') throw error
      this.#topics.forget()
      return this.#write(name, together, false)
    }
  }

  #partitioner(topic: Topic): Partitioner {
    const partitioner = this.#partitioners.get(topic.id) ?? new Partitioner(topic.partitions.length)
    this.#partitioners.set(topic.id, partitioner)
    return partitioner
  }

  /**
   * Wakes readers after the commit: those of this client at once and with what was appended, the others by a statement of its own. Inside the append it would
   * make the commits of all producers wait for one another, since PostgreSQL holds one lock from the notification to the end of the
   * commit.
   */
  #announce(topicId: number, appended: ReadonlyMap<number, Appended> | undefined): void {
    this.#options.listener.tell({ kind: 'data', topics: [topicId], ...(appended && { appended }) })
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
        this.#options.logger.debug({ err: error }, 'readers could not be woken; they look again by themselves')
      }
    }
  }

  #explain(topic: string, error: unknown): QiError {
    const cause = error instanceof QiError ? error.cause : error
    if (sqlState(cause) === '55P03')
      return new QiError(
        'TIMEOUT',
        `append to "${topic}": another producer has held a partition for ${this.#options.lockTimeoutMs} ms in an open transaction; try again`,
        { cause },
      )
    return classifyPgError(error, `append to "${topic}"`)
  }

  /** Waits for what is on its way. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#queues.values()].map((queue) => queue.running))
    await this.#announcing
  }
}
