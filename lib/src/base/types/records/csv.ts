import type { Decimal } from '../decimal.ts'
import { formatTime, type Micros } from '../time.ts'
import type { RecordType, RecordValues } from './define.ts'

/** White space at the ends belongs to the field (RFC 4180, 2.4), and some readers take it off where there are no quotes. */
const QUOTED = /[",\r\n]|^\s|\s$/

/** A text as a cell of CSV by RFC 4180. */
export const csvCell = (text: string): string => (QUOTED.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

/**
 * A list of decimals as a cell: the JSON array of texts that it is on the wire. Any JSON parser reads it without making floats of the
 * figures, and DuckDB casts it to `DECIMAL(38,20)[]`.
 */
export const csvList = (list: readonly Decimal[]): string => csvCell(JSON.stringify(list))

/** The first line: the names that the fields have on the wire and in SQL. */
export const csvHeader = ({ fields }: RecordType): string => `${fields.map(({ name }) => name).join(',')}\r\n`

/** A record as a line: decimals with all their digits, times in ISO 8601 in UTC, an empty cell for what it has not. */
export function csvRow({ fields }: RecordType, record: RecordValues): string {
  const cells = fields.map(({ property, kind }) => {
    const value = record[property]
    if (value === undefined) return ''
    if (kind === 'time') return formatTime(value as Micros)
    return kind === 'decimals' ? csvList(value as readonly Decimal[]) : csvCell(String(value))
  })
  return `${cells.join(',')}\r\n`
}
