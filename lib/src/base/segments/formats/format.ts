import { createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip, createZstdCompress } from 'node:zlib'
import type { RecordType } from '../../types/index.ts'

/** Lines of JSON, a record each and without their ends, some at a time. */
export type Lines = AsyncIterable<readonly Uint8Array[]>

/** How the records of a segment are written. */
export interface SegmentFormat {
  /** Of its files: `csv.gz`. */
  readonly extension: string
  /** Writes a file, which is on the disk when it returns. The same lines give the same records, whoever writes them. */
  write(type: RecordType, lines: Lines, path: string): Promise<void>
}

export const COMPRESSIONS = ['none', 'gzip', 'zstd'] as const
export type Compression = (typeof COMPRESSIONS)[number]

const SUFFIX: Readonly<Record<Compression, string>> = { none: '', gzip: '.gz', zstd: '.zst' }

/** A format of text. @param texts pieces of the file, in order */
export const textFormat = (
  extension: string,
  compression: Compression,
  texts: (type: RecordType, lines: Lines) => AsyncGenerator<Uint8Array | string>,
): SegmentFormat => ({
  extension: `${extension}${SUFFIX[compression]}`,
  write: async (type, lines, path) => {
    const pieces = Readable.from(texts(type, lines), { objectMode: true })
    const file = createWriteStream(path, { flags: 'wx' })
    if (compression === 'none') await pipeline(pieces, file)
    else await pipeline(pieces, compression === 'gzip' ? createGzip() : createZstdCompress(), file)
    await synced(path)
  },
})

/** What was written of a file, or of the names in a folder, outlives the machine. */
export async function synced(path: string): Promise<void> {
  const file = await open(path, 'r')
  await file.sync().finally(() => file.close())
}
