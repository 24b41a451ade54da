const MOST_KEPT = 4

/**
 * Large buffers that are used again and again. Memory outside of the heap weighs as much as that inside when the collector
 * decides to run: a new buffer for each write would have it run several times a second.
 */
export class Buffers {
  readonly #free: Buffer[] = []

  /** A buffer of at least so many bytes, with anything in it. */
  take(bytes: number): Buffer {
    const place = this.#free.findIndex((buffer) => buffer.length >= bytes)
    if (place >= 0) return this.#free.splice(place, 1)[0] as Buffer
    // Those that are too small would be too small again.
    this.#free.pop()
    return Buffer.allocUnsafeSlow(Math.ceil(bytes * 1.25))
  }

  /** Gives back what {@link take} gave, or a part of it, once nobody reads it any more. */
  give(part: Buffer): void {
    if (this.#free.length < MOST_KEPT) this.#free.push(Buffer.from(part.buffer))
  }
}
