import { freeMemory } from '../../types/wire/index.ts'

const MOST_KEPT = 4
const STEP_BYTES = 1 << 16

/**
 * Large buffers that are used again and again. Memory outside of the heap weighs as much as that inside when the collector
 * decides to run: a new buffer for each write would have it run several times a second.
 */
export class Buffers {
  readonly #free: Buffer[] = []

  /** A buffer of at least so many bytes, with anything in it. */
  take(bytes: number): Buffer {
    const kept = this.#free.pop()
    if (kept && kept.length >= bytes) return kept
    if (kept) freeMemory(kept)
    return Buffer.allocUnsafeSlow(STEP_BYTES * Math.max(1, Math.ceil(bytes / STEP_BYTES)))
  }

  /** Gives back one, or a part of it, once nobody reads it any more. */
  give(part: Buffer): void {
    if (this.#free.length < MOST_KEPT) this.#free.push(Buffer.from(part.buffer))
  }
}
