import type { RecordRun } from '../../../base/types/wire/index.ts'
import type { AppendEnd, EncodedAppend } from './appendSql.ts'

/** Larger appends are not handed to readers: at that size many come at once, and one fetch for all of them costs no more. */
const MAX_BYTES = 64 * 1024

/** The records that one append wrote to a partition, in the form that a fetch returns. */
export interface Appended {
  readonly bytes: Buffer
  readonly run: RecordRun
}

/**
 * The appended records by serial id of the partition. They are handed to the readers of the same client, which saves them a fetch.
 * @returns undefined if the append is too large
 */
export function appendedOf(
  { raw, ids, counts }: EncodedAppend,
  ends: ReadonlyMap<number, AppendEnd>,
): ReadonlyMap<number, Appended> | undefined {
  if (raw.reduce((bytes, chunk) => bytes + chunk.length, 0) > MAX_BYTES) return undefined
  const appended = new Map<number, Appended>()
  for (const [i, bytes] of raw.entries()) {
    const id = ids[i] as number
    const count = counts[i] as number
    const end = ends.get(id)
    // So few bytes make one chunk per partition, except with more than 10,000 tiny messages.
    if (!end || appended.has(id)) return undefined
    const run = { baseOffset: end.nextOffset - BigInt(count), count, baseTimestamp: end.appendedAt, end: bytes.length }
    appended.set(id, { bytes, run })
  }
  return appended
}
