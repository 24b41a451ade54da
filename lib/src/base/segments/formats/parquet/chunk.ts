import { zstdCompressSync } from 'node:zlib'
import type { ColumnChunk } from 'hyparquet'
import type { ParquetWriter } from 'hyparquet-writer'
import type { writePageHeader } from 'hyparquet-writer/src/datapage.js'
import type { WritableColumn } from './Column.ts'

/** Writes a column of one row group: its dictionary, if any, and one page. @returns its entry in the footer */
export function writeChunk(
  { writer }: Pick<ParquetWriter, 'writer'>,
  header: typeof writePageHeader,
  column: WritableColumn,
): ColumnChunk {
  const path = column.elements.map(({ name }) => name)
  const type = column.elements.at(-1)?.type
  if (type === undefined) throw new TypeError(`the column ${path.join('.')} has no type`)
  const { bytes, encoding, dictionary, least, greatest } = column.encode()
  const start = writer.offset
  let plainBytes = 0
  if (dictionary) {
    const compressed = zstdCompressSync(dictionary.bytes)
    const before = writer.offset
    header(writer, {
      type: 'DICTIONARY_PAGE',
      uncompressed_page_size: dictionary.bytes.length,
      compressed_page_size: compressed.length,
      dictionary_page_header: { num_values: dictionary.length, encoding: 'PLAIN' },
    })
    plainBytes += writer.offset - before + dictionary.bytes.length
    writer.appendBytes(compressed)
  }
  const page = writer.offset
  const levels = column.levels()
  const repetitions = column.repetitions()
  const levelBytes = repetitions.length + levels.length
  const compressed = zstdCompressSync(bytes)
  header(writer, {
    type: 'DATA_PAGE_V2',
    uncompressed_page_size: levelBytes + bytes.length,
    compressed_page_size: levelBytes + compressed.length,
    data_page_header_v2: {
      num_values: column.places,
      num_nulls: column.nulls,
      num_rows: column.rows,
      encoding,
      definition_levels_byte_length: levels.length,
      repetition_levels_byte_length: repetitions.length,
      is_compressed: true,
    },
  })
  plainBytes += writer.offset - page + levelBytes + bytes.length
  writer.appendBytes(repetitions)
  writer.appendBytes(levels)
  writer.appendBytes(compressed)
  return {
    file_offset: BigInt(start),
    meta_data: {
      type,
      encodings: dictionary ? ['PLAIN', encoding] : [encoding],
      path_in_schema: path,
      codec: 'ZSTD',
      num_values: BigInt(column.places),
      total_compressed_size: BigInt(writer.offset - start),
      total_uncompressed_size: BigInt(plainBytes),
      data_page_offset: BigInt(page),
      ...(dictionary && { dictionary_page_offset: BigInt(start) }),
      statistics: { null_count: BigInt(column.nulls), min_value: least, max_value: greatest } as never,
    },
  }
}
