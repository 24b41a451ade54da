import { freeMemory } from '../../types/wire/index.ts'

const MOST_KEPT = 4
const STEP_BYTES = 1 << 16

/**
 * Reuses large buffers. Memory outside the heap counts when the garbage collector decides to run: a new buffer per write would trigger it
 * several times a second.
 */
export class BufferPool {
  readonly #free: Buffer[] = []

  /** A buffer of at least `bytes` bytes; its content is undefined. */
  take(bytes: number): Buffer {
    const kept = this.#free.pop()
    if (kept && kept.length >= bytes) return kept
    if (kept) freeMemory(kept)
    return Buffer.allocUnsafeSlow(STEP_BYTES * Math.max(1, Math.ceil(bytes / STEP_BYTES)))
  }

  /** Returns a buffer, or a part of it, that nobody reads any more. */
  give(part: Buffer): void {
    if (this.#free.length < MOST_KEPT) this.#free.push(Buffer.from(part.buffer))
  }
}
