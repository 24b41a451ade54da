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
import { type Column, columnsOf } from './columns.ts'
import { exactList } from './figureLists.ts'
import type { FileIdentity } from './identity.ts'
import { batchOf, MADE, type Parsed, recordOf } from './parser.ts'
import type { RowSettings } from './settings.ts'

/** Defaults of a candle, unless a column or a constant gives others. */
const CANDLE = { is_final: true, built_from: 'provider' }

/** Parses the cells of a row. @throws QiError BAD_DATA if they are no record */
export type CellParser = (cells: readonly string[], row: number) => Parsed

/**
 * A parser of rows of cells.
 * @param header the names of all columns, in order
 * @throws QiError CONFIG_INVALID if these columns, with the settings, make no record of the type
 */
export function cellParser(
  file: FileIdentity,
  name: string,
  type: RecordType,
  config: RowSettings,
  header: readonly string[],
): CellParser {
  const constants = { ...(type.name === 'ohlcv' ? CANDLE : {}), ...config.constants }
  const nulls = new Set(config.nulls)
  /** Fields whose empty cells are filled in. */
  const filled = new Set([...Object.keys(constants), ...(MADE[type.name] ?? [])])
  const columns = columnsOf(name, header, type, constants, config)
  return (cells, row) => {
    if (cells.length !== header.length)
      throw new QiError('BAD_DATA', `${countOf(cells.length, 'cell')} under ${countOf(header.length, 'column')}`)
    const wire = { ...constants, ...wireOf(type, columns, cells, { nulls, filled, config }) }
    const { record, moment } = recordOf(type, { file, line: row, wire }, config)
    return { batches: [batchOf(type, record)], moment }
  }
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
