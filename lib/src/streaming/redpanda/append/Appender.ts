import { type Position, QiError } from '../../../base/types/index.ts'
import { kafkaError } from '../errors.ts'
import { AppendJob } from './AppendJob.ts'
import { AppendRequest, type OutgoingMessage } from './outgoing.ts'

const MAX_REQUEST_BYTES = 4 * 1024 * 1024
const MAX_REQUEST_MESSAGES = 8_000
/** How long close() waits for the request in flight. */
const DRAIN_MS = 5_000

/** By partition, the offset of a request's first message. */
export type BaseOffsets = ReadonlyMap<number, bigint>

export interface Sender {
  /** Sends to one topic; resolves once the messages are durable on all replicas. */
  send(topic: string, messages: readonly OutgoingMessage[]): Promise<BaseOffsets>
  close(): Promise<void>
}

/**
 * Sends one request at a time, which the idempotent producer needs to avoid duplicates. Waiting calls for a topic share the next
 * request; topics take turns.
 */
export class Appender {
  readonly #sender: Sender
  readonly #address: string
  readonly #queues = new Map<string, AppendJob[]>()
  #running: Promise<void> | undefined
  #closed = false

  constructor(sender: Sender, address: string) {
    this.#sender = sender
    this.#address = address
  }

  append(
    topic: string,
    messages: readonly OutgoingMessage[],
    maxBatchBytes: number,
    signal?: AbortSignal,
  ): Promise<readonly Position[]> {
    const job = new AppendJob(messages, maxBatchBytes, signal)
    if (this.#closed) {
      job.fail(closed())
      return job.done
    }
    const queue = this.#queues.get(topic)
    if (queue) queue.push(job)
    else this.#queues.set(topic, [job])
    this.#running ??= this.#run()
    return job.done
  }

  /** Waits up to 5 s for the request in flight; calls that wait behind it fail with CLOSED. */
  async close(): Promise<void> {
    this.#closed = true
    for (const queue of this.#queues.values()) for (const job of queue) if (job.next === 0) job.fail(closed())
    await Promise.race([this.#running, new Promise((resolve) => setTimeout(resolve, DRAIN_MS).unref())])
    await this.#sender.close()
    await this.#running
  }

  async #run(): Promise<void> {
    await Promise.resolve() // calls made together share the first request
    for (;;) {
      const [topic, queue] = this.#queues.entries().next().value ?? []
      if (!topic || !queue) break
      this.#queues.delete(topic)
      await this.#sendNext(topic, queue)
      const rest = queue.filter((job) => !job.spent)
      const arrived = this.#queues.get(topic)
      if (arrived) arrived.unshift(...rest)
      else if (rest.length) this.#queues.set(topic, rest)
    }
    this.#running = undefined
  }

  async #sendNext(topic: string, queue: readonly AppendJob[]): Promise<void> {
    const owners: AppendJob[] = []
    const { messages } = fill(queue, owners)
    if (messages.length === 0) return
    try {
      const offsets = new Map(await this.#sender.send(topic, messages))
      messages.forEach((message, i) => {
        const offset = offsets.get(message.partition) ?? -1n
        offsets.set(message.partition, offset + 1n)
        ;(owners[i] as AppendJob).written(message, offset)
      })
    } catch (error) {
      const failure = kafkaError(error, `append to topic ${topic}`, this.#address)
      for (const job of new Set(owners)) job.fail(failure)
    }
  }
}

/** Takes messages of the waiting jobs for one request. @param owners receives the job of each message */
function fill(queue: readonly AppendJob[], owners: AppendJob[]): AppendRequest {
  const maxBatchBytes = Math.min(...queue.map((job) => job.maxBatchBytes))
  const load = new AppendRequest({ maxBatchBytes, maxBytes: MAX_REQUEST_BYTES, maxMessages: MAX_REQUEST_MESSAGES })
  for (const job of queue)
    while (!job.spent) {
      if (!load.add(job.messages[job.next] as OutgoingMessage)) return load
      owners.push(job)
      job.next++
    }
  return load
}

const closed = (): QiError => new QiError('CLOSED', 'the stream was closed')
