import { formatTime, type Micros, type RecordType } from '../../types/index.ts'
import { type Compression, type SegmentFormat, textFormat } from './format.ts'

/**
 * CSV by RFC 4180, with a header; the columns are those of SQL. Decimals have all their digits, times are ISO 8601 in UTC, and what a record
 * has not is empty.
 */
export const csv = (compression: Compression): SegmentFormat =>
  textFormat('csv', compression, async function* (type, lines) {
    yield `${type.fields.map(({ name }) => name).join(',')}\r\n`
    for await (const some of lines) yield some.map((line) => row(type, line)).join('')
  })

function row(type: RecordType, line: Uint8Array): string {
  const record = type.decode(line)
  const cells = type.fields.map(({ property, kind }) => {
    const value = record[property]
    if (value === undefined) return ''
    return kind === 'time' ? formatTime(value as Micros) : cell(String(value))
  })
  return `${cells.join(',')}\r\n`
}

const cell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
