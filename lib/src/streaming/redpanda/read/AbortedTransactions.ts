/** An aborted transaction: its producer and the offset at which it began. */
export interface AbortedTransaction {
  readonly producerId: bigint
  readonly firstOffset: bigint
}

/**
 * Tells which batches of a partition, read in order, belong to aborted transactions. The broker's answer says where each began, and
 * a marker of the same producer ends it.
 */
export class AbortedTransactions {
  readonly #coming: AbortedTransaction[]
  readonly #open = new Set<bigint>()

  constructor(aborted: readonly AbortedTransaction[]) {
    this.#coming = aborted.toSorted((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1))
  }

  /** True if the producer's transactional batch at this offset was aborted. */
  holds(producerId: bigint, offset: bigint): boolean {
    for (let first = this.#coming[0]; first && first.firstOffset <= offset; first = this.#coming[0]) {
      this.#coming.shift()
      this.#open.add(first.producerId)
    }
    return this.#open.has(producerId)
  }

  /** Call at a marker of the producer: its transaction ends here. */
  marker(producerId: bigint): void {
    this.#open.delete(producerId)
  }
}
