import { setImmediate } from 'node:timers/promises'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import type { ColumnData, FileMetaData, SchemaElement } from 'hyparquet'
import { epochMoment, errorMessage, formatTime, QiError } from '../../../base/types/index.ts'

/** A Parquet file as rows of texts. */
export interface ParquetTable {
  readonly columns: readonly string[]
  readonly rows: number
  /** The cells from a row on, the first is 1; an absent value is an empty text. One row group is in memory. */
  cells(from: number, signal: AbortSignal): AsyncIterable<readonly string[]>
}

/**
 * Opens a Parquet file with flat columns. Decimals and times are exact: they are read from their bytes, not as floats and dates.
 * @throws QiError BAD_DATA for a file that is damaged, UNSUPPORTED for nested columns or unknown types
 */
export async function parquetTable(path: string): Promise<ParquetTable> {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetRead } = await import('hyparquet')
  const name = path.slice(path.lastIndexOf('/') + 1)
  const file = await asyncBufferFromFile(path)
  const metadata = await parquetMetadataAsync(file).catch((error: unknown) => {
    throw new QiError('BAD_DATA', `${name} is not a complete Parquet file: ${errorMessage(error)}`, { cause: error })
  })
  const schema = metadata.schema.slice(1)
  const nested = schema.find(({ num_children, repetition_type }) => num_children || repetition_type === 'REPEATED')
  if (nested) throw new QiError('UNSUPPORTED', `${name}: column ${nested.name} is nested: flatten it`)
  const columns = schema.map((element) => ({ name: element.name, text: textOf(element) }))
  const compressors = { ZSTD: (bytes: Uint8Array) => zstdDecompressSync(bytes), GZIP: (bytes: Uint8Array) => gunzipSync(bytes) }
  const raw = plain(metadata)
  return {
    columns: columns.map(({ name }) => name),
    rows: Number(metadata.num_rows),
    async *cells(from, signal) {
      let rowStart = 0
      for (const { num_rows } of metadata.row_groups) {
        const rowEnd = rowStart + Number(num_rows)
        if (signal.aborted) return
        if (rowEnd >= from) {
          const values: unknown[][] = []
          for (const { name: column } of columns) {
            const all: unknown[] = new Array(rowEnd - rowStart)
            const start = rowStart
            const onChunk = (chunk: ColumnData) => {
              for (let i = 0; i < chunk.columnData.length; i++) all[chunk.rowStart - start + i] = chunk.columnData[i]
            }
            await parquetRead({ file, metadata: raw, compressors, rowStart, rowEnd, columns: [column], onChunk })
            values.push(all)
            await setImmediate()
          }
          for (let row = Math.max(rowStart, from - 1); row < rowEnd; row++)
            yield columns.map(({ text }, i) => {
              const value = values[i]?.[row - rowStart]
              return value === undefined || value === null ? '' : text(value)
            })
        }
        rowStart = rowEnd
      }
    },
  }
}

/** The names of the columns of a Parquet file, nested ones as one. @throws Error for a damaged file */
export async function parquetColumns(path: string): Promise<readonly string[]> {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetSchema } = await import('hyparquet')
  const schema = parquetSchema(await parquetMetadataAsync(await asyncBufferFromFile(path)))
  return schema.children.map(({ element }) => element.name)
}

/** The file with types that return raw times and decimals. */
const plain = (metadata: FileMetaData): FileMetaData => ({
  ...metadata,
  schema: metadata.schema.map((element) => {
    const { converted_type, logical_type, ...rest } = element
    return isText(element) ? { ...rest, ...(converted_type && { converted_type }), ...(logical_type && { logical_type }) } : rest
  }),
})

const isText = ({ converted_type, logical_type }: SchemaElement): boolean =>
  converted_type === 'UTF8' || converted_type === 'ENUM' || logical_type?.type === 'STRING'

const DAY = 86_400_000_000

/** The text of a raw value: of a decimal all its digits, of a time ISO 8601. */
function textOf(element: SchemaElement): (value: unknown) => string {
  const { converted_type, logical_type, scale = 0 } = element
  if (converted_type === 'DECIMAL' || logical_type?.type === 'DECIMAL') return (value) => decimalText(value, scale)
  if (converted_type === 'TIMESTAMP_MILLIS' || (logical_type?.type === 'TIMESTAMP' && logical_type.unit === 'MILLIS'))
    return (value) => formatTime(epochMoment(Number(value), 'milliseconds'))
  if (converted_type === 'TIMESTAMP_MICROS' || (logical_type?.type === 'TIMESTAMP' && logical_type.unit === 'MICROS'))
    return (value) => formatTime(epochMoment(Number(value), 'microseconds'))
  if (logical_type?.type === 'TIMESTAMP') return (value) => formatTime(nanos(value as bigint))
  if (converted_type === 'DATE' || logical_type?.type === 'DATE') return (value) => formatTime(Number(value) * DAY)
  return (value) => (value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : String(value))
}

/** @throws QiError BAD_DATA for a moment that is finer than a microsecond */
function nanos(value: bigint): number {
  if (value % 1000n !== 0n)
    throw new QiError('BAD_DATA', `${value} nanoseconds since 1970 is finer than a microsecond, which would be lost`)
  return Number(value / 1000n)
}

function decimalText(value: unknown, scale: number): string {
  const unscaled = value instanceof Uint8Array ? signed(value) : BigInt(value as number | bigint)
  const digits = `${unscaled < 0n ? -unscaled : unscaled}`.padStart(scale + 1, '0')
  const point = digits.length - scale
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, point)}${scale === 0 ? '' : `.${digits.slice(point)}`}`
}

/** A big-endian number in two's complement. */
const signed = (bytes: Uint8Array): bigint =>
  BigInt.asIntN(bytes.length * 8, BigInt(`0x${Buffer.from(bytes).toString('hex') || '0'}`))
