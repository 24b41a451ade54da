import {
  countOf,
  decimal,
  formatTime,
  parseExactJson,
  QiError,
  type RecordField,
  type RecordType,
  readMoment,
  toQiError,
} from '../../../base/types/index.ts'
import { splitCsv } from '../reading/csv.ts'
import { type Column, columnsOf } from './columns.ts'
import { exactList } from './figureLists.ts'
import type { FileIdentity } from './identity.ts'
import { batchOf, type LineParser, MADE, type Parsed, recordOf } from './parser.ts'
import type { RowSettings } from './settings.ts'

/** Defaults of a candle, unless a column or a constant gives others. */
const CANDLE = { is_final: true, built_from: 'provider' }

/** Most lines of a row, and most characters: an unclosed quote must not swallow the file. */
const LONGEST_ROW = 100
const LONGEST_OPEN = 1024 * 1024

/** Parses CSV rows. Column names come from the header, or from the settings. */
export function csvParser(file: FileIdentity, name: string, type: RecordType, config: RowSettings): LineParser {
  const constants = { ...(type.name === 'ohlcv' ? CANDLE : {}), ...config.constants }
  const nulls = new Set(config.nulls)
  /** Fields whose empty cells are filled in. */
  const filled = new Set([...Object.keys(constants), ...(MADE[type.name] ?? [])])
  const listed = listedColumns(name, config)
  let columns = listed && columnsOf(name, listed, type, constants, config)
  let width = listed?.length ?? 0
  let open: string | undefined
  let lines = 0
  const failIfTooLong = (row: string) => {
    if (lines <= LONGEST_ROW && row.length <= LONGEST_OPEN) return
    open = undefined
    throw new QiError(
      'BAD_DATA',
      lines > LONGEST_ROW
        ? `a quoted cell is open for more than ${LONGEST_ROW} lines`
        : `a quoted cell is open for more than ${LONGEST_OPEN} characters`,
    )
  }
  return {
    type,
    wantsHeader: () => columns === undefined,
    unfinished: () => open,
    parse(line, number): Parsed | undefined {
      if (line === '' && open === undefined) return undefined
      const row: string = open === undefined ? line : `${open}\n${line}`
      lines = open === undefined ? 1 : lines + 1
      const cells = splitCsv(row, config.delimiter)
      open = cells ? undefined : row
      if (!cells) {
        failIfTooLong(row)
        return undefined
      }
      if (!columns) {
        columns = columnsOf(name, cells, type, constants, config)
        width = cells.length
        return undefined
      }
      if (cells.length !== width)
        throw new QiError('BAD_DATA', `${countOf(cells.length, 'cell')} under ${countOf(width, 'column')}`)
      const wire = { ...constants, ...wireOf(type, columns, cells, { nulls, filled, config }) }
      const { record, moment } = recordOf(type, { file, line: number, wire }, config)
      return { batches: [batchOf(type, record)], moment }
    },
  }
}

/** The columns listed in the settings, for a file without a header. @throws QiError CONFIG_INVALID */
function listedColumns(file: string, { header, columns }: RowSettings): readonly string[] | undefined {
  const listed = Array.isArray(columns)
  if (header === !listed) return listed ? columns : undefined
  throw new QiError(
    'CONFIG_INVALID',
    header
      ? `${file}: columns is a list, which is for files without a header: set header: false (and skip_lines: 1 to skip a header)`
      : `${file}: header is false: columns must list all columns, such as [time, open, high, low, close, volume]`,
  )
}

function wireOf(
  type: RecordType,
  columns: readonly Column[],
  cells: readonly string[],
  { nulls, filled, config }: { nulls: ReadonlySet<string>; filled: ReadonlySet<string>; config: RowSettings },
): Record<string, unknown> {
  const wire: Record<string, unknown> = {}
  for (const { index, field } of columns) {
    const cell = (cells[index] as string).trim()
    if (cell === '') continue
    if (!nulls.has(cell)) wire[field.name] = cellValue(field, cell, config)
    else if (!field.optional && !filled.has(field.name))
      throw new QiError(
        'BAD_DATA',
        `${field.name} is "${cell}", which is empty by nulls, and a ${type.name} needs ${field.name}`,
        { field: field.name },
      )
  }
  return wire
}

function cellValue({ name, kind }: RecordField, cell: string, { time_format }: RowSettings): unknown {
  try {
    if (kind === 'decimal') return decimal(cell)
    if (kind === 'decimals') return exactList(parseExactJson(cell))
    if (kind === 'time') return formatTime(readMoment(cell, time_format))
    if (kind === 'integer' || kind === 'float') return /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(cell) ? Number(cell) : cell
    if (kind === 'boolean') return { true: true, false: false, '1': true, '0': false }[cell.toLowerCase()] ?? cell
    return cell
  } catch (error) {
    throw new QiError('BAD_DATA', `${name} ${toQiError(error).message}`, { field: name, cause: error })
  }
}
