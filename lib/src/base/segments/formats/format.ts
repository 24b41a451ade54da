import { createReadStream, createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline as connect, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip, createZstdCompress, createZstdDecompress } from 'node:zlib'
import type { RecordType } from '../../types/index.ts'

const NEWLINE = 10
const READ_BYTES = 1 << 16

/** The records of a segment as lines of JSON. */
export interface SegmentRecords {
  readonly rows: number
  /** Complete lines with their newlines, in pieces. */
  pieces(): AsyncIterable<Buffer>
  /** Writes all lines with their newlines into a new file, synced to disk when it returns. */
  store(path: string): Promise<void>
}

/** The lines of a piece, without their newlines. */
export function* linesOf(piece: Buffer): Generator<Buffer> {
  for (let from = 0; from < piece.length; ) {
    const end = piece.indexOf(NEWLINE, from)
    yield piece.subarray(from, end)
    from = end + 1
  }
}

/** A file format of segments. */
export interface SegmentFormat {
  /** Extension of its files: `csv.gz`. */
  readonly extension: string
  /** Writes a file, synced to disk when it returns. The same lines always give the same records. */
  write(type: RecordType, records: SegmentRecords, path: string): Promise<void>
  /**
   * The records of a file by {@link write}, in its order: complete lines of JSON with their newlines, in pieces. Every value that the
   * format stores is read back with all its digits.
   * @throws any error for a damaged file
   */
  read(type: RecordType, path: string): AsyncIterable<Buffer>
}

export const COMPRESSIONS = ['none', 'gzip', 'zstd'] as const
export type Compression = (typeof COMPRESSIONS)[number]

const SUFFIX: Readonly<Record<Compression, string>> = { none: '', gzip: '.gz', zstd: '.zst' }

export interface TextFormat {
  readonly extension: string
  /** The text of the file, in pieces. */
  texts(type: RecordType, pieces: AsyncIterable<Buffer>): AsyncIterable<Uint8Array | string>
  /** Reads pieces of the file back into pieces of records. */
  records(type: RecordType, file: AsyncIterable<Buffer>): AsyncIterable<Buffer>
}

/** Makes a segment format of a text format and a compression. */
export const textFormat = ({ extension, texts, records: lines }: TextFormat, compression: Compression): SegmentFormat => ({
  extension: `${extension}${SUFFIX[compression]}`,
  read: (type, path) => lines(type, unpacked(path, compression)),
  write: async (type, records, path) => {
    const pieces = Readable.from(texts(type, records.pieces()), { objectMode: true })
    const file = createWriteStream(path, { flags: 'wx' })
    if (compression === 'none') await pipeline(pieces, file)
    else await pipeline(pieces, compression === 'gzip' ? createGzip() : createZstdCompress(), file)
    await synced(path)
  },
})

/** The bytes of a file, decompressed. */
function unpacked(path: string, compression: Compression): AsyncIterable<Buffer> {
  const file = createReadStream(path, { highWaterMark: READ_BYTES })
  if (compression === 'none') return file
  // An error of either stream ends both and reaches the reader.
  return connect(file, compression === 'gzip' ? createGunzip() : createZstdDecompress(), () => {})
}

/** Recuts chunks so that each ends with a newline. @throws SyntaxError where the last line has none */
export async function* wholeLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let begun: Buffer[] = []
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(NEWLINE) + 1
    if (end === 0) begun.push(chunk)
    else {
      yield begun.length === 0 ? chunk.subarray(0, end) : Buffer.concat([...begun, chunk.subarray(0, end)])
      begun = end < chunk.length ? [chunk.subarray(end)] : []
    }
  }
  if (begun.length > 0) throw new SyntaxError('the file ends in the middle of a line')
}

/** Syncs a file, or the names in a folder, to disk. */
export async function synced(path: string): Promise<void> {
  const file = await open(path, 'r')
  await file.sync().finally(() => file.close())
}
