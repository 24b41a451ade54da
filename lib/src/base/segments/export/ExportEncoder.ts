import { promisify } from 'node:util'
import { deserialize, serialize } from 'node:v8'
import { gzip, zstdCompress } from 'node:zlib'
import { csvHeader, type RecordType } from '../../types/index.ts'
import type { Compression } from '../formats/format.ts'
import { ParquetEncoder } from '../formats/parquet/ParquetEncoder.ts'
import type { ExportForm } from './target.ts'

/** Encodes pieces of records into the bytes of a file that can be continued after a kill. */
export interface ExportEncoder {
  /** @param records lines of the form's text: CSV without a header, else NDJSON */
  add(records: Buffer): Promise<readonly Uint8Array[]>
  /** True if all that was added has been returned as bytes. */
  readonly settled: boolean
  /** State that is needed to continue after the bytes returned since the last call. */
  takeState(): string | undefined
  /** The last bytes. */
  finish(): Promise<Uint8Array>
}

/** The progress of an unfinished file. */
export interface Begun {
  readonly bytes: number
  readonly states: readonly string[]
}

/** With this many waiting rows, a row group of Parquet is written at the end of a piece. */
const GROUP_ROWS = 20_000
/** Room for one more piece in a group that is nearly full. */
const MOST_GROUP_ROWS = 45_000

export async function exportEncoder(
  { format, compression }: ExportForm,
  type: RecordType,
  begun?: Begun,
): Promise<ExportEncoder> {
  if (format === 'parquet') return openParquet(type, begun)
  return text(compression, format === 'csv' && !begun ? csvHeader(type) : '')
}

const PACK: Readonly<Record<Compression, (bytes: Uint8Array) => Promise<Uint8Array>>> = {
  none: async (bytes) => bytes,
  gzip: promisify(gzip),
  zstd: promisify(zstdCompress),
}

/** Makes each piece a gzip member, or zstd frame, of its own: readers read them as one file, and more can be appended. */
function text(compression: Compression, header: string): ExportEncoder {
  const pack = PACK[compression]
  let before = header
  return {
    settled: true,
    takeState: () => undefined,
    async add(records) {
      const all = before === '' ? records : Buffer.concat([Buffer.from(before), records])
      before = ''
      return [await pack(all)]
    },
    finish: async () => (before === '' ? new Uint8Array(0) : pack(Buffer.from(before))),
  }
}

async function openParquet(type: RecordType, begun?: Begun): Promise<ExportEncoder> {
  const groups = (begun?.states ?? []).flatMap((state) => deserialize(Buffer.from(state, 'base64')) as never[])
  const encoder = await ParquetEncoder.open(type, MOST_GROUP_ROWS, begun && { bytes: begun.bytes, groups })
  let taken = groups.length
  return {
    get settled() {
      return encoder.waiting === 0
    },
    takeState() {
      const fresh = encoder.groups.slice(taken)
      taken = encoder.groups.length
      return fresh.length === 0 ? undefined : serialize(fresh).toString('base64')
    },
    async add(records) {
      const bytes = await Array.fromAsync(encoder.add(records))
      if (encoder.waiting >= GROUP_ROWS) bytes.push(await encoder.flush())
      return bytes
    },
    finish: () => encoder.finish(),
  }
}
