/** A transaction that a producer began at an offset and took back. */
export interface AbortedTransaction {
  readonly producerId: bigint
  readonly firstOffset: bigint
}

/**
 * Which batches of a partition, read in order, belong to transactions that were aborted: a broker tells where each began, and a
 * marker of the same producer ends it.
 */
export class AbortedTransactions {
  readonly #coming: AbortedTransaction[]
  readonly #open = new Set<bigint>()

  constructor(aborted: readonly AbortedTransaction[]) {
    this.#coming = aborted.toSorted((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1))
  }

  /** Whether a transactional batch of the producer, at this offset, was aborted. */
  holds(producerId: bigint, offset: bigint): boolean {
    for (let first = this.#coming[0]; first && first.firstOffset <= offset; first = this.#coming[0]) {
      this.#coming.shift()
      this.#open.add(first.producerId)
    }
    return this.#open.has(producerId)
  }

  /** A marker of the producer: its transaction has ended here. */
  marker(producerId: bigint): void {
    this.#open.delete(producerId)
  }
}
