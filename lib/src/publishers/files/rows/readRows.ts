import { QiError, type RecordBatch, type RecordType, recordTypes, toQiError } from '../../../base/types/index.ts'
import type { Line } from '../reading/lines.ts'
import type { FileIdentity } from './identity.ts'
import type { LineParser, Parsed } from './parser.ts'

const RECORD_NAME = new RegExp(`^(${Object.keys(recordTypes).join('|')}): `)
/** Longest kept part of a rejected line; the dead letter cuts it further, and says so. */
const LONGEST_ORIGINAL = 1024 * 1024

export interface RowReading {
  /** Name of the file, for messages. */
  readonly name: string
  readonly lines: AsyncIterable<readonly Line[]>
  readonly parser: LineParser
  readonly identity?: FileIdentity
  /** Lines to skip at the beginning. */
  readonly skip?: number
  /** The line to resume from. */
  readonly from?: number
  readonly signal: AbortSignal
}

/** The records, or the rejection, of one row. */
export interface ReadRow {
  /** Its last line. */
  readonly line: number
  readonly batches: Parsed['batches']
  /** Absent for a rejection. */
  readonly moment?: Parsed['moment']
}

/**
 * The rows of a text, as many at a time as a chunk holds. A row that is no record is a rejection with file and line. Yields nothing for a
 * text without a line after the skipped ones.
 * @throws QiError CONFIG_INVALID if the header, or the whole file, cannot be parsed; the errors of `lines`
 */
export async function* readRows(reading: RowReading): AsyncGenerator<readonly ReadRow[]> {
  const { name, lines, parser, identity, skip = 0, from = 1, signal } = reading
  let row = from
  for await (const some of lines) {
    const rows: ReadRow[] = []
    let holds = false
    for (const line of some) {
      if (signal.aborted) return
      if (line.number <= skip) continue
      holds = true
      if (line.problem === undefined) identity?.see(line.text)
      if (line.number < from && !parser.wantsHeader?.()) continue
      // A row of CSV may have several lines: the first one counts.
      const begun = parser.unfinished?.()
      if (begun === undefined) row = line.number
      const parsed = parseRow(parser, line, name, row, begun)
      if (parsed && line.number >= from) rows.push(rowOf(line.number, parsed))
    }
    if (holds) yield rows
  }
  if (signal.aborted) return
  const rest = parser.unfinished?.()
  if (rest !== undefined)
    yield [
      {
        line: row,
        batches: [rejection(parser.type, `${name}:${row}: a quoted cell is open at the end of the file`, rest)],
      },
    ]
}

const rowOf = (line: number, { batches, moment }: Omit<ReadRow, 'line'>): ReadRow =>
  moment === undefined ? { line, batches } : { line, batches, moment }

/** Parses a line. If it is no record, its row is rejected. */
function parseRow(
  parser: LineParser,
  line: Line,
  name: string,
  row: number,
  begun: string | undefined,
): Omit<ReadRow, 'line'> | undefined {
  if (row === line.number && parser.wantsHeader?.()) checkHeader(name, line)
  try {
    if (line.problem) throw new QiError('BAD_DATA', `the line ${line.problem}`)
    return parser.parse(line.text, row)
  } catch (thrown) {
    const error = toQiError(thrown)
    if (error.code !== 'BAD_DATA') throw error
    // The record type at the beginning of the message adds nothing here.
    const reason = `${name}:${row}: ${error.message.replace(RECORD_NAME, '')}`
    return { batches: [rejection(parser.type, reason, begun === undefined ? line.text : `${begun}\n${line.text}`)] }
  }
}

export const rejection = (
  type: RecordType = recordTypes.price as unknown as RecordType,
  reason: string,
  original: string,
): RecordBatch => ({ type, records: [], rejected: [{ reason, original: original.slice(0, LONGEST_ORIGINAL) }] })

/** Refuses a header that cannot be parsed: without it no row can be. @throws QiError CONFIG_INVALID naming the line and a remedy */
function checkHeader(file: string, { number, problem, text }: Line): void {
  const remedy =
    problem === 'is not UTF-8'
      ? 'convert the file to UTF-8, such as by iconv -f LATIN1 -t UTF-8'
      : problem !== undefined
        ? 'it should name the columns: is it a CSV file?'
        : undefined
  if (remedy)
    throw new QiError('CONFIG_INVALID', `${file}: line ${number} ${problem}, so that the columns have no names; ${remedy}`)
  if (text.includes('\r'))
    throw new QiError(
      'CONFIG_INVALID',
      `${file}: line ${number} holds bare carriage returns, which end no line here; convert it to line feeds, such as by tr '\\r' '\\n'`,
    )
}
