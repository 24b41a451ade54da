import type { TableSpec } from '../tables/tables.ts'
import type { CopyRows } from './rows.ts'

/**
 * True if two rows may have the same primary key. Compares 53-bit hashes of the keys; a collision (one in a million batches) costs a
 * needless deduplication.
 */
export function mayHoldDuplicates(table: TableSpec, rows: CopyRows): boolean {
  const isKey = table.fields.map((field) => table.key.includes(field.name))
  const hashes = new Float64Array(rows.length)
  for (let row = 0; row < rows.length; row++) hashes[row] = keyHash(rows.bytes, (rows.starts[row] as number) + 2, isKey)
  hashes.sort()
  for (let i = 1; i < hashes.length; i++) if (hashes[i] === hashes[i - 1]) return true
  return false
}

function keyHash(bytes: Buffer, at: number, isKey: readonly boolean[]): number {
  let a = 0x811c9dc5
  let b = 0x01234567
  for (const key of isKey) {
    const size = bytes.readInt32BE(at)
    at += 4
    if (size < 0) continue
    if (key) {
      // Hashes the length too, so that ("ab", "c") and ("a", "bc") differ.
      a = Math.imul(a ^ size, 0x01000193)
      for (let i = at; i < at + size; i++) {
        const byte = bytes[i] as number
        a = Math.imul(a ^ byte, 0x01000193)
        b = Math.imul(b + byte, 0x5bd1e995) ^ (b >>> 13)
      }
    }
    at += size
  }
  return (a >>> 0) * 0x20_0000 + (b & 0x1f_ffff)
}
