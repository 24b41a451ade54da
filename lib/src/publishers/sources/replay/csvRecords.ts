import {
  countOf,
  decimal,
  formatTime,
  QiError,
  type RecordField,
  type RecordType,
  suggest,
  toQiError,
} from '../../../base/index.ts'
import type { ReplayConfig } from './config.ts'
import { splitCsv } from './csv.ts'
import { asReplayed, batchOf, type LineParser, type Parsed } from './parser.ts'
import { readTime } from './times.ts'

/** What a candle of a file is unless a column or a constant says otherwise. */
const CANDLE = { is_final: true, built_from: 'provider' }

/** In lines: a quote that nobody closes must not swallow the file. */
const LONGEST_ROW = 100

interface Column {
  readonly index: number
  readonly field: RecordField
}

/** Rows under a header of column names. */
export function csvParser(file: string, type: RecordType, config: ReplayConfig): LineParser {
  const constants = { ...(type.name === 'ohlcv' ? CANDLE : {}), ...config.constants }
  let columns: readonly Column[] | undefined
  let width = 0
  let open: string[] = []
  return {
    type,
    wantsHeader: () => columns === undefined,
    unfinished: () => (open.length > 0 ? open.join('\n') : undefined),
    parse(line): Parsed | undefined {
      if (line === '' && open.length === 0) return undefined
      const row = open.length > 0 ? [...open, line].join('\n') : line
      const cells = splitCsv(row, config.delimiter)
      if (!cells && open.length === LONGEST_ROW) {
        open = []
        throw new QiError('BAD_DATA', `a quoted cell is open for more than ${LONGEST_ROW} lines`)
      }
      open = cells ? [] : [...open, line]
      if (!cells) return undefined
      if (!columns) {
        columns = columnsOf(file, cells, type, constants, config)
        width = cells.length
        return undefined
      }
      if (cells.length !== width)
        throw new QiError('BAD_DATA', `${countOf(cells.length, 'cell')} under ${countOf(width, 'column')}`)
      const wire: Record<string, unknown> = { ...constants }
      for (const { index, field } of columns) {
        const cell = (cells[index] as string).trim()
        if (cell !== '') wire[field.name] = cellValue(field, cell, config)
      }
      const { record, moment } = asReplayed(type, wire, config)
      return { batches: [batchOf(type, record)], moment }
    },
  }
}

function columnsOf(
  file: string,
  header: readonly string[],
  type: RecordType,
  constants: Record<string, unknown>,
  config: ReplayConfig,
): Column[] {
  const names = header.map((name) => name.trim())
  const fields = new Map(type.fields.map((field) => [field.name, field]))
  const refuse = (message: string) => new QiError('CONFIG_INVALID', `${file}: ${message}`)
  for (const [column, field] of Object.entries(config.columns)) {
    if (!names.includes(column)) throw refuse(`replay.columns names "${column}", but the columns are ${names.join(', ')}`)
    if (!fields.has(field))
      throw refuse(`replay.columns gives ${column} as "${field}", which no ${type.name} has${suggest(field, [...fields.keys()])}`)
  }
  for (const name of Object.keys(constants))
    if (!fields.has(name))
      throw refuse(`replay.constants sets "${name}", which no ${type.name} has${suggest(name, [...fields.keys()])}`)
  const taken = new Set(Object.values(config.columns))
  const columns = names.flatMap((name, index) => {
    const field = fields.get(config.columns[name] ?? (taken.has(name) ? '' : name))
    return field ? { index, field } : []
  })
  const given = new Set([...columns.map(({ field }) => field.name), ...Object.keys(constants), 'origin', 'received_at'])
  const missing = type.fields.filter(({ name, optional }) => !optional && !given.has(name)).map(({ name }) => name)
  if (missing.length > 0)
    throw refuse(
      `a ${type.name} needs ${missing.join(', ')}: name the column in replay.columns or set it in replay.constants; the columns are ${names.join(', ')}`,
    )
  return columns
}

function cellValue({ name, kind }: RecordField, cell: string, { time_format }: ReplayConfig): unknown {
  try {
    if (kind === 'decimal') return decimal(cell)
    if (kind === 'time') return formatTime(readTime(cell, time_format))
    if (kind === 'integer' || kind === 'float') return /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(cell) ? Number(cell) : cell
    if (kind === 'boolean') return { true: true, false: false, '1': true, '0': false }[cell.toLowerCase()] ?? cell
    return cell
  } catch (error) {
    throw new QiError('BAD_DATA', `${name} ${toQiError(error).message}`, { field: name, cause: error })
  }
}
