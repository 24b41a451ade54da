import { type Position, QiError } from '../../base/index.ts'
import type { Packed } from './packing.ts'

/** One call of append: its messages, how many went into requests, and where those ended up. */
export class AppendJob {
  readonly messages: readonly Packed[]
  readonly maxBatchBytes: number
  readonly done: Promise<readonly Position[]>
  /** Index of the first message that is in no request yet. */
  next = 0
  #durable = 0
  #settled = false
  readonly #ends = new Map<number, Position>()
  readonly #resolve: (positions: readonly Position[]) => void
  readonly #reject: (error: QiError) => void
  readonly #signal: AbortSignal | undefined

  constructor(messages: readonly Packed[], maxBatchBytes: number, signal: AbortSignal | undefined) {
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

  /** Nothing of it is to be sent any more: it failed, was cancelled, or all of it is on its way. */
  get spent(): boolean {
    return this.#settled || this.next >= this.messages.length
  }

  /** A message of it became durable at an offset. */
  written({ topic, partition }: Packed, offset: bigint): void {
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
