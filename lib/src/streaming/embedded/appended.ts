import type { RecordRun } from '../../base/types/wire/index.ts'
import type { EncodedAppend } from './appendSql.ts'

/** Larger appends are left to be fetched: by then many of them come at once, and a round trip costs as much. */
const MOST_BYTES = 64 * 1024

/** The records that one append put into a partition, in the form of a fetch. */
export interface Appended {
  readonly bytes: Buffer
  readonly run: RecordRun
}

/** Where an append ended in a partition. */
export interface AppendEnd {
  readonly nextOffset: bigint
  /** In milliseconds since 1970. */
  readonly appendedAt: number
}

/**
 * The append by serial id of the partition, for readers of the same client: it saves them the way to the server and back. Undefined
 * for a large one.
 */
export function appendedOf(
  { raw, ids, counts }: EncodedAppend,
  ends: ReadonlyMap<number, AppendEnd>,
): ReadonlyMap<number, Appended> | undefined {
  if (raw.reduce((bytes, chunk) => bytes + chunk.length, 0) > MOST_BYTES) return undefined
  const appended = new Map<number, Appended>()
  for (const [i, bytes] of raw.entries()) {
    const id = ids[i] as number
    const count = counts[i] as number
    const end = ends.get(id)
    // So few bytes are one chunk a partition, unless there are very many very small messages.
    if (!end || appended.has(id)) return undefined
    const run = { baseOffset: end.nextOffset - BigInt(count), count, baseTimestamp: end.appendedAt, end: bytes.length }
    appended.set(id, { bytes, run })
  }
  return appended
}
