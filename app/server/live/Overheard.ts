import type { EncodedBatch } from '../../../lib/src/base/types/index.ts'

/** Most bytes of records that are kept. */
const MOST_BYTES = 4 * 1024 * 1024

/** Batches of the tail, kept for a feed that is about to join it. Their bytes are shared with other feeds. */
export class Overheard {
  #batches: EncodedBatch[] | undefined
  #bytes = 0
  #arrived: (() => void) | undefined

  /** True if no batch since `begin` was lost. */
  get isComplete(): boolean {
    return this.#batches !== undefined
  }

  begin(): void {
    this.#batches = []
    this.#bytes = 0
  }

  stop(): void {
    this.#batches = undefined
    this.#arrived?.()
  }

  push(batch: EncodedBatch): void {
    if (!this.#batches) return
    this.#bytes += sizeOf(batch)
    if (this.#bytes > MOST_BYTES) this.#batches = undefined
    else this.#batches.push(batch)
    this.#arrived?.()
  }

  shift(): EncodedBatch | undefined {
    const batch = this.#batches?.shift()
    if (batch) this.#bytes -= sizeOf(batch)
    return batch
  }

  /** Resolves at the next batch, and at `stop`. */
  async next(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#arrived = resolve
    await promise
    this.#arrived = undefined
  }
}

const sizeOf = ({ spans, length }: EncodedBatch): number => (length === 0 ? 0 : (spans[2 * length - 1] ?? 0) - (spans[0] ?? 0))
