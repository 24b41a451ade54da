const MOST_KEPT = 4
const LEAST_BYTES = 1 << 16

/**
 * Large buffers that are used again and again. Memory outside of the heap weighs as much as that inside when the collector
 * decides to run: a new buffer for each write would have it run several times a second.
 */
export class Buffers {
  readonly #free: Buffer[] = []

  /** A buffer with anything in it. */
  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(LEAST_BYTES)
  }

  /** Gives back one, or a part of it, once nobody reads it any more. */
  give(part: Buffer): void {
    if (this.#free.length < MOST_KEPT) this.#free.push(Buffer.from(part.buffer))
  }
}
