import { parquet } from '../../../base/segments/index.ts'
import type { RecordType, RecordValues } from '../../../base/types/index.ts'
import type { Gathered } from '../rows/batches.ts'

const NEWLINE = 0x0a

/** The records of a Parquet file of the platform, from a row on; the first is 1. */
export async function* linesOfParquet(
  type: RecordType,
  path: string,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<Gathered> {
  let row = 1
  for await (const piece of parquet().read(type, path)) {
    if (signal.aborted) return
    const records: RecordValues[] = []
    for (let start = 0; start < piece.length; row++) {
      const end = piece.indexOf(NEWLINE, start)
      if (row >= from) records.push(type.decode(piece.subarray(start, end)))
      start = end + 1
    }
    if (records.length > 0) yield { batch: { type, records }, next: row }
  }
}
