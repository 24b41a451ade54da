import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { RecordType } from '../../types/index.ts'
import { type SegmentFormat, synced } from './format.ts'
import { ParquetEncoder } from './parquet/ParquetEncoder.ts'
import { readParquet } from './parquet/readParquet.ts'

/** Larger groups take more memory for little gain. */
const GROUP_ROWS = 20_000

/** Parquet, written by {@link ParquetEncoder}. */
export const parquet = (): SegmentFormat => ({
  extension: 'parquet',
  read: readParquet,
  write: async (type, records, path) => {
    const bytes = Readable.from(parquetBytes(type, records.pieces(), Math.min(GROUP_ROWS, records.rows)), { objectMode: true })
    await pipeline(bytes, createWriteStream(path, { flags: 'wx' }))
    await synced(path)
  },
})

/** Encodes lines of JSON as the bytes of a Parquet file. @param groupRows most rows in a group */
export async function* parquetBytes(
  type: RecordType,
  pieces: AsyncIterable<Buffer>,
  groupRows = GROUP_ROWS,
): AsyncGenerator<Uint8Array> {
  const encoder = await ParquetEncoder.open(type, Math.max(1, groupRows))
  for await (const piece of pieces) yield* encoder.add(piece)
  yield await encoder.finish()
}
