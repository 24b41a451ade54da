import { formatTime } from '../../types/index.ts'
import type { TableSpec } from '../tables.ts'
import type { CopyRows } from './rows.ts'

/** Microseconds from 1970 to 2000, where PostgreSQL counts from. */
const EPOCH_MICROS = 946_684_800_000_000

/** What the primary keys of some rows have in common. */
export interface KeyTraits {
  /**
   * Whether two rows may have the same key. Decided by a 53-bit hash of the keys' bytes: it may be wrong once in a million
   * batches, and then costs one needless deduplication.
   */
  readonly mayRepeat: boolean
  /** The first and the last time, where a time is part of the key. */
  readonly times?: readonly [from: string, to: string]
}

export function keyTraits(table: TableSpec, rows: CopyRows): KeyTraits {
  const parts = table.fields.map((field) => (table.key.includes(field.name) ? (field.kind === 'time' ? TIME : KEY) : OTHER))
  const walk = new KeyWalk(rows.bytes, parts.slice(0, Math.max(parts.lastIndexOf(KEY), parts.lastIndexOf(TIME)) + 1))
  const hashes = new Float64Array(rows.length)
  for (let row = 0; row < rows.length; row++) hashes[row] = walk.hash((rows.starts[row] as number) + 2)
  hashes.sort()
  let mayRepeat = false
  for (let i = 1; i < hashes.length && !mayRepeat; i++) mayRepeat = hashes[i] === hashes[i - 1]
  return { mayRepeat, ...(walk.first <= walk.last && { times: [timeOf(walk.first), timeOf(walk.last)] }) }
}

const timeOf = (micros: number): string => formatTime(micros + EPOCH_MICROS)

const [OTHER, KEY, TIME] = [0, 1, 2] as const

/** Reads the columns of rows, up to the last that is part of the key. */
class KeyWalk {
  first = Number.POSITIVE_INFINITY
  last = Number.NEGATIVE_INFINITY
  readonly #bytes: Buffer
  readonly #parts: readonly number[]

  constructor(bytes: Buffer, parts: readonly number[]) {
    this.#bytes = bytes
    this.#parts = parts
  }

  hash(start: number): number {
    const bytes = this.#bytes
    let at = start
    let a = 0x811c9dc5
    let b = 0x01234567
    for (const part of this.#parts) {
      const size = bytes.readInt32BE(at)
      at += 4
      if (size < 0) continue
      if (part !== OTHER) {
        // The length too, so that ("ab", "c") and ("a", "bc") differ.
        a = Math.imul(a ^ size, 0x01000193)
        for (let i = at; i < at + size; i++) {
          const byte = bytes[i] as number
          a = Math.imul(a ^ byte, 0x01000193)
          b = Math.imul(b + byte, 0x5bd1e995) ^ (b >>> 13)
        }
        if (part === TIME) this.#time(bytes.readInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4))
      }
      at += size
    }
    return (a >>> 0) * 0x20_0000 + (b & 0x1f_ffff)
  }

  #time(micros: number): void {
    if (micros < this.first) this.first = micros
    if (micros > this.last) this.last = micros
  }
}
