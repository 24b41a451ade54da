import { csvLines, type LineForm, ndjsonLines } from '../../../lib/src/base/database/index.ts'
import { parquetBytes } from '../../../lib/src/base/segments/index.ts'
import { csvHeader, type RecordType, type RecordValues } from '../../../lib/src/base/types/index.ts'
import type { Format } from './format.ts'

/** The form of the lines that a format is made from. */
export const linesOf = (format: Format): LineForm => (format === 'csv' ? csvLines : ndjsonLines)

const NEWLINE = 0x0a
const COMMA = 0x2c

/** The text around the records of a JSON answer. */
export interface Wrap {
  readonly open: string
  readonly close: string
}

/** A page of records. @param next the cursor of the next page */
export const pageWrap = (next?: string): Wrap => ({
  open: '{"items":[',
  close: `]${next === undefined ? '' : `,"next":${JSON.stringify(next)}`}}`,
})

/** Encodes lines as the body of an answer. */
export async function* encodeBody(
  format: Format,
  type: RecordType,
  pieces: AsyncIterable<{ readonly bytes: Buffer }>,
  { open, close }: Wrap = pageWrap(),
): AsyncGenerator<Uint8Array> {
  if (format === 'parquet') return yield* parquetBytes(type, bytesOf(pieces))
  if (format === 'csv') yield Buffer.from(csvHeader(type))
  if (format !== 'json') return yield* bytesOf(pieces)
  let before = open
  for await (const { bytes } of pieces) {
    if (bytes.length === 0) continue
    yield Buffer.from(before)
    // Each line break separates two records, because JSON escapes those inside a text.
    for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) bytes[at] = COMMA
    yield bytes.subarray(0, -1)
    before = ','
  }
  yield Buffer.from(`${before === open ? open : ''}${close}`)
}

/** A page of lines that are in memory, as the body of an answer. */
export const encodePage = (format: Format, type: RecordType, bytes: Buffer, wrap?: Wrap): AsyncGenerator<Uint8Array> =>
  encodeBody(format, type, single({ bytes }), wrap)

/** A page of records, as the body of an answer. */
export function encodeRecords(
  format: Format,
  type: RecordType,
  records: readonly RecordValues[],
  wrap?: Wrap,
): AsyncGenerator<Uint8Array> {
  const { record } = linesOf(format)
  return encodePage(format, type, Buffer.from(records.map((one) => record(type, one)).join('')), wrap)
}

async function* single<T>(piece: T): AsyncGenerator<T> {
  yield piece
}

async function* bytesOf(pieces: AsyncIterable<{ readonly bytes: Buffer }>): AsyncGenerator<Buffer> {
  for await (const { bytes } of pieces) yield bytes
}
