/** The bytes that unpacking may leave unused at the end of a buffer. A view of a shared buffer leaves more of it. */
const SLACK = 1
/** Smaller memory is left to the garbage collector: freeing it one by one costs more than it brings. */
const LEAST_BYTES = 16 * 1024

/**
 * Frees the memory of an array that nobody reads any more. It lies outside of the heap, where the garbage collector lets 64 MB of unused
 * memory add up before it runs. An array that is only a part of its buffer is left to the collector.
 */
export function freeMemory(array: ArrayBufferView<ArrayBufferLike>): void {
  // The length comes first: asked for its buffer, a small array inside the heap is moved out of it.
  if (array.byteLength < LEAST_BYTES || array.buffer.byteLength - array.byteLength > SLACK) return
  if (array.buffer instanceof ArrayBuffer) array.buffer.transfer(0)
}

/** Memory that is given back when nobody reads it any more. */
export interface Releasable {
  release(): void
}

/** The memory that several readers share. A consumer that knows when it is done gives it back without waiting for the collector. */
export class SharedMemory implements Releasable {
  readonly #arrays: readonly ArrayBufferView<ArrayBufferLike>[]
  readonly #whole: Releasable | undefined
  #holders: number

  /**
   * @param arrays read by nobody but the holders
   * @param whole released together with the arrays: the memory that they are a part of
   */
  constructor(arrays: readonly ArrayBufferView<ArrayBufferLike>[], holders: number, whole?: Releasable) {
    this.#arrays = arrays
    this.#holders = holders
    this.#whole = whole
  }

  /** Called once by each holder; after the last the arrays are empty. */
  release(): void {
    this.#holders--
    if (this.#holders > 0) return
    for (const array of this.#arrays) freeMemory(array)
    this.#whole?.release()
  }
}
