import { QiError, type RecordField, type RecordType, suggest } from '../../../base/types/index.ts'
import { MADE } from './parser.ts'
import type { RowSettings } from './settings.ts'

export interface Column {
  readonly index: number
  readonly field: RecordField
}

/** Key fields that may be the same for a whole file. */
const SHARED: ReadonlySet<string> = new Set(['coin_id', 'source', 'currency', 'timeframe', 'name', 'params', 'time'])

/**
 * @param header the names of all columns, in order
 * @returns the columns that hold a field
 * @throws QiError CONFIG_INVALID naming file, setting and remedy
 */
export function columnsOf(
  file: string,
  header: readonly string[],
  type: RecordType,
  constants: Readonly<Record<string, unknown>>,
  config: RowSettings,
): Column[] {
  const names = header.map((name) => name.trim())
  const fields = new Map(type.fields.map((field) => [field.name, field]))
  const renamed: Readonly<Record<string, string>> = Array.isArray(config.columns) ? {} : config.columns
  const refuse = (message: string) => new QiError('CONFIG_INVALID', `${file}: ${message}`)
  for (const [column, field] of Object.entries(renamed)) {
    if (!names.includes(column)) throw refuse(`columns names "${column}", but the columns are ${names.join(', ')}`)
    if (!fields.has(field))
      throw refuse(`columns gives ${column} as "${field}", which no ${type.name} has${suggest(field, [...fields.keys()])}`)
  }
  const taken = new Set(Object.values(renamed))
  const columns = names.flatMap((name, index) => {
    const field = fields.get(renamed[name] ?? (taken.has(name) ? '' : name))
    return field ? { index, field } : []
  })
  for (const { index, field } of columns) {
    const twice = columns.find((other) => other.index > index && other.field === field)
    if (twice)
      throw refuse(
        `the columns ${index + 1} and ${twice.index + 1} both give ${field.name}: set header: false, skip_lines: ${config.skip_lines + 1}, and list all columns in columns under different names`,
      )
  }
  checkNames(file, type, constants)
  checkIdentity(file, type, constants)
  if (type.key.every((name) => name in constants) && !columns.some(({ field }) => type.key.includes(field.name)))
    throw refuse(
      `constants sets the whole key of a ${type.name} (${type.key.join(', ')}), so every row would overwrite the one before: name the column of one of them in columns`,
    )
  const given = new Set([
    ...columns.map(({ field }) => field.name),
    ...Object.keys(constants),
    ...(MADE[type.name] ?? []),
    'origin',
    'received_at',
  ])
  const missing = type.fields.filter(({ name, optional }) => !optional && !given.has(name)).map(({ name }) => name)
  if (missing.length > 0)
    throw refuse(
      `a ${type.name} needs ${missing.join(', ')}: name the column in columns, or the value in constants; the columns are ${names.join(', ')}`,
    )
  return columns
}

/** @throws QiError CONFIG_INVALID for a constant that is no field */
export function checkNames(file: string, type: RecordType, constants: Readonly<Record<string, unknown>>): void {
  const names = type.fields.map(({ name }) => name)
  for (const name of Object.keys(constants))
    if (!names.includes(name))
      throw new QiError('CONFIG_INVALID', `${file}: constants sets "${name}", which no ${type.name} has${suggest(name, names)}`)
}

/**
 * Refuses a constant for an id: all rows of one time would be one record, and the store would keep only the last.
 * @throws QiError CONFIG_INVALID naming file, setting and remedy
 */
export function checkIdentity(file: string, type: RecordType, constants: Readonly<Record<string, unknown>>): void {
  const name = type.key.find((each) => each in constants && !SHARED.has(each))
  if (name === undefined) return
  const remedy = MADE[type.name]?.includes(name)
    ? 'leave it out, and each row gets its own, made from file and line'
    : 'name its column in columns'
  throw new QiError(
    'CONFIG_INVALID',
    `${file}: constants sets ${name}, which identifies a ${type.name}: rows of one time would overwrite each other; ${remedy}`,
  )
}
