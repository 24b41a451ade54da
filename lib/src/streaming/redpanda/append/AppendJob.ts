import { type Position, QiError } from '../../../base/types/index.ts'
import type { OutgoingMessage } from './outgoing.ts'

/** One call of append(): its messages, how many of them were put into requests, and their positions. */
export class AppendJob {
  readonly messages: readonly OutgoingMessage[]
  readonly maxBatchBytes: number
  readonly done: Promise<readonly Position[]>
  /** Index of the first message that was not put into a request yet. */
  next = 0
  #durable = 0
  #settled = false
  readonly #ends = new Map<number, Position>()
  readonly #resolve: (positions: readonly Position[]) => void
  readonly #reject: (error: QiError) => void
  readonly #signal: AbortSignal | undefined

  constructor(messages: readonly OutgoingMessage[], maxBatchBytes: number, signal: AbortSignal | undefined) {
    const { promise, resolve, reject } = Promise.withResolvers<readonly Position[]>()
    this.messages = messages
    this.maxBatchBytes = maxBatchBytes
    this.done = promise
    this.#resolve = resolve
    this.#reject = reject
    this.#signal = signal
    if (signal?.aborted) this.#abort()
    else signal?.addEventListener('abort', this.#abort, { once: true })
  }

  /** True if nothing is left to send: it failed, was cancelled, or its last message was put into a request. */
  get spent(): boolean {
    return this.#settled || this.next >= this.messages.length
  }

  /** Call for each of its messages once it is durable. */
  written({ topic, partition }: OutgoingMessage, offset: bigint): void {
    this.#ends.set(partition, { topic, partition, offset: offset + 1n })
    if (++this.#durable < this.messages.length) return
    this.#settle()
    this.#resolve([...this.#ends.values()].sort((a, b) => a.partition - b.partition))
  }

  fail(error: QiError): void {
    if (this.#settled) return
    this.#settle()
    this.#reject(error)
  }

  readonly #abort = (): void => this.fail(new QiError('CANCELLED', 'append was cancelled', { cause: this.#signal?.reason }))

  #settle(): void {
    this.#settled = true
    this.#signal?.removeEventListener('abort', this.#abort)
  }
}
