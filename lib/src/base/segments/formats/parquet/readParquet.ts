import { setImmediate } from 'node:timers/promises'
import { zstdDecompressSync } from 'node:zlib'
import type { ColumnData, FileMetaData, SchemaElement } from 'hyparquet'
import { formatTime, type Micros, type RecordType } from '../../../types/index.ts'
import { decimalText } from './DecimalColumn.ts'

/** Rows that are converted before the thread is yielded. */
const PIECE_ROWS = 500

/** Lines of JSON of a file by {@link ParquetEncoder}, with one row group in memory. Yields the thread after each column and piece. */
export async function* readParquet(type: RecordType, path: string): AsyncGenerator<Buffer> {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetRead } = await import('hyparquet')
  const file = await asyncBufferFromFile(path)
  const metadata = plain(await parquetMetadataAsync(file))
  const compressors = { ZSTD: (bytes: Uint8Array) => zstdDecompressSync(bytes) }
  const names = new Set(
    metadata.row_groups.flatMap(({ columns }) => columns.map(({ meta_data }) => meta_data?.path_in_schema[0] ?? '')),
  )
  let rowStart = 0
  for (const { num_rows } of metadata.row_groups) {
    const rowEnd = rowStart + Number(num_rows)
    const columns = new Map<string, unknown[]>()
    for (const name of names) {
      const values: unknown[] = new Array(rowEnd - rowStart)
      const start = rowStart
      const onChunk = (chunk: ColumnData) => {
        for (let i = 0; i < chunk.columnData.length; i++) values[chunk.rowStart - start + i] = chunk.columnData[i]
      }
      await parquetRead({ file, metadata, compressors, rowStart, rowEnd, columns: [name], onChunk })
      columns.set(name, values)
      await setImmediate()
    }
    for (let row = 0; row < rowEnd - rowStart; ) {
      let lines = ''
      for (const end = Math.min(row + PIECE_ROWS, rowEnd - rowStart); row < end; row++)
        lines += `${type.encode(type.fromWire(wireOf(type, (name) => columns.get(name)?.[row] ?? undefined)))}\n`
      yield Buffer.from(lines)
      await setImmediate()
    }
    rowStart = rowEnd
  }
}

/** The file with types that return raw times and decimals, which the reader would convert to dates and floats. */
const plain = (metadata: FileMetaData): FileMetaData => ({ ...metadata, schema: metadata.schema.map(withoutMeaning) })

function withoutMeaning({ converted_type, logical_type, ...element }: SchemaElement): SchemaElement {
  if (converted_type === 'UTF8' || converted_type === 'LIST' || converted_type === undefined)
    return { ...element, ...(converted_type && { converted_type }), ...(logical_type && { logical_type }) }
  return element
}

function wireOf(type: RecordType, value: (column: string) => unknown): Record<string, unknown> {
  const wire: Record<string, unknown> = {}
  for (const { name, kind } of type.fields) {
    const found = value(name)
    if (found === undefined) wire[name] = kind === 'decimal' || kind === 'decimals' ? value(`${name}_exact`) : undefined
    else if (kind === 'decimal') wire[name] = decimalText(found as Uint8Array)
    else if (kind === 'decimals') wire[name] = (found as readonly Uint8Array[]).map(decimalText)
    else if (kind === 'time') wire[name] = formatTime(Number(found) as Micros)
    else wire[name] = kind === 'integer' ? Number(found) : found
  }
  return wire
}
