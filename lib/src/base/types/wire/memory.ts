/** What unpacking may leave unused at the end of a buffer; another's bytes would be more. */
const SLACK = 1
/** Less than this is left to the collector, which frees what is small together. */
const LEAST_BYTES = 64 * 1024

/**
 * The memory that the batches of one buffer share. It lies outside of the heap, where the collector lets 64 MB of what nobody uses
 * any more add up before it looks: a consumer that knows when it is done gives it back itself.
 */
export class BatchMemory {
  readonly #arrays: readonly ArrayBufferView<ArrayBufferLike>[]
  #holders: number

  /** @param arrays read by nobody but the holders; what is only a part of its buffer is left to the collector */
  constructor(arrays: readonly ArrayBufferView<ArrayBufferLike>[], holders: number) {
    this.#arrays = arrays.filter(
      // Asked for its buffer, a small array would be given one of its own outside of the heap.
      (array) => array.byteLength >= LEAST_BYTES && array.buffer.byteLength - array.byteLength <= SLACK,
    )
    this.#holders = holders
  }

  /** Called once by each holder; after the last all arrays are empty. */
  release(): void {
    this.#holders--
    if (this.#holders > 0) return
    for (const { buffer } of this.#arrays) if (buffer instanceof ArrayBuffer) buffer.transfer(0)
  }
}
