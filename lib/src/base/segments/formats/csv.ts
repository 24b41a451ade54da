import { csvHeader, csvRow, type RecordField, type RecordType } from '../../types/index.ts'
import { CsvReader } from './CsvReader.ts'
import { type Compression, linesOf, type SegmentFormat, textFormat } from './format.ts'

/**
 * CSV by RFC 4180, with a header of the SQL column names. Decimals have all their digits, times are ISO 8601 in UTC, and absent values are
 * empty.
 */
export const csv = (compression: Compression): SegmentFormat =>
  textFormat(
    {
      extension: 'csv',
      texts: async function* (type, pieces) {
        yield csvHeader(type)
        for await (const piece of pieces) {
          let rows = ''
          for (const line of linesOf(piece)) rows += csvRow(type, type.decode(line))
          yield rows
        }
      },
      records: async function* (type, file) {
        const reader = new CsvReader()
        let columns: readonly (RecordField | undefined)[] | undefined
        for await (const chunk of file) {
          let lines = ''
          for (const cells of reader.read(chunk)) {
            if (columns) lines += `${line(type, columns, cells)}\n`
            else columns = cells.map((name) => type.fields.find((field) => field.name === name))
          }
          if (lines !== '') yield Buffer.from(lines)
        }
        reader.end()
      },
    },
    compression,
  )

/** Converts the cells of a row to the JSON of a record. @throws QiError BAD_DATA */
function line(type: RecordType, columns: readonly (RecordField | undefined)[], cells: readonly string[]): string {
  const wire: Record<string, unknown> = {}
  for (const [at, text] of cells.entries()) {
    const field = columns[at]
    if (field && text !== '') wire[field.name] = AS_TEXT.includes(field.kind) ? text : JSON.parse(text)
  }
  return type.encode(type.fromWire(wire))
}

const AS_TEXT: readonly string[] = ['text', 'decimal', 'time']
