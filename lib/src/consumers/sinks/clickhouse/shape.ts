import type { FieldKind, RecordField, RecordType } from '../../../base/types/index.ts'

/** Most digits of a decimal before and after its point. ClickHouse cuts further digits silently. */
export const WHOLE_DIGITS = 38
export const FRACTION_DIGITS = 38
const DECIMAL = `Decimal(${WHOLE_DIGITS + FRACTION_DIGITS},${FRACTION_DIGITS})`
/** Column that decides between rows of one key: the greatest stays, which is the final one, then the later received. */
export const VERSION = 'version'

/** Texts with few distinct values, stored as a dictionary. */
const LOW_CARDINALITY = new Set([
  'coin_id',
  'source',
  'origin',
  'currency',
  'timeframe',
  'side',
  'built_from',
  'kind',
  'params',
  'exchange',
  'calendar',
  'mic',
  'timezone',
  'asset_class',
  'action',
  'units',
])

const TYPES: Readonly<Record<Exclude<FieldKind, 'text' | 'decimals'>, string>> = {
  decimal: DECIMAL,
  time: "DateTime64(6,'UTC')",
  integer: 'UInt64',
  float: 'Float64',
  boolean: 'Bool',
}

export interface Column {
  readonly name: string
  /** In ClickHouse's notation, without white space. */
  readonly type: string
  /** The expression of a computed column. */
  readonly materialized?: string
}

/** A table for records of one type. */
export interface TableShape {
  readonly columns: readonly Column[]
  /** Columns of the record's fields. */
  readonly given: readonly string[]
  /** The same, and the text columns of decimals that do not fit. */
  readonly all: readonly string[]
  readonly key: readonly string[]
  readonly monthly: boolean
}

/** The text column for values of a decimal, or for lists of them, that do not fit. */
export const exactOf = (name: string): string => `${name}_exact`

function columnsOf({ name, kind, optional }: RecordField): readonly Column[] {
  if (kind === 'text') {
    const type = optional ? 'Nullable(String)' : 'String'
    return [{ name, type: LOW_CARDINALITY.has(name) ? `LowCardinality(${type})` : type }]
  }
  // A decimal that does not fit is null here, and in the text column.
  if (kind === 'decimal')
    return [
      { name, type: `Nullable(${DECIMAL})` },
      { name: exactOf(name), type: 'Nullable(String)' },
    ]
  // An array cannot be null: a list with a figure that does not fit is empty here, and whole in the text column.
  if (kind === 'decimals')
    return [
      { name, type: `Array(${DECIMAL})` },
      { name: exactOf(name), type: 'Array(String)' },
    ]
  return [{ name, type: optional ? `Nullable(${TYPES[kind]})` : TYPES[kind] }]
}

export function shapeOf({ fields, key }: RecordType): TableShape {
  const columns = fields.flatMap(columnsOf)
  const received = 'toUInt64(greatest(toUnixTimestamp64Micro(received_at), 0))'
  const isFinal = fields.some(({ name }) => name === 'is_final')
  const version = isFinal ? `bitOr(bitShiftLeft(toUInt64(is_final), 63), ${received})` : received
  // Instruments have no time, and instruments of different kinds can have the same id.
  const monthly = key.includes('time')
  return {
    columns: [...columns, { name: VERSION, type: 'UInt64', materialized: version }],
    given: fields.map(({ name }) => name),
    all: columns.map(({ name }) => name),
    key: monthly ? key : [...key, 'kind'],
    monthly,
  }
}

const quoted = (name: string): string => `\`${name}\``

const definition = ({ name, type, materialized }: Column): string =>
  `${quoted(name)} ${type}${materialized ? ` materialized ${materialized}` : ''}`

/** DDL of a table. @param table the quoted name */
export const createTable = (table: string, { columns, key, monthly }: TableShape): string =>
  `create table if not exists ${table} (${columns.map(definition).join(', ')}) engine = ReplacingMergeTree(${VERSION})${
    monthly ? ' partition by toYYYYMM(time)' : ''
  } order by (${key.map(quoted).join(', ')})`

export const addColumns = (table: string, columns: readonly Column[]): string =>
  `alter table ${table} ${columns.map((column) => `add column if not exists ${definition(column)}`).join(', ')}`

/** DDL of a view of the merged rows, so that queries need no FINAL. */
export const createView = (view: string, table: string, { all }: TableShape): string =>
  `create or replace view ${view} as select ${all.map(quoted).join(', ')} from ${table} final`

export const insertInto = (table: string, columns: readonly string[]): string =>
  `insert into ${table} (${columns.map(quoted).join(', ')}) format JSONEachRow`

/** A table as the server describes it. */
export interface FoundTable {
  readonly engine: string
  readonly engineFull: string
  readonly sortingKey: string
  readonly columns: readonly { readonly name: string; readonly type: string; readonly computed: boolean }[]
}

/** Faults that would silently lose or duplicate records, and columns that can be added. */
export interface Difference {
  readonly faults: readonly string[]
  readonly missing: readonly Column[]
}

const bare = (type: string): string => type.replaceAll(/\s/g, '').replace(/LowCardinality\((.*)\)/, '$1')

export function compareTable(found: FoundTable, shape: TableShape): Difference {
  const faults: string[] = []
  const missing: Column[] = []
  if (!/ReplacingMergeTree$/.test(found.engine))
    faults.push(`its engine is ${found.engine}: it must be ReplacingMergeTree(${VERSION})`)
  else if (!new RegExp(`ReplacingMergeTree\\((?:[^()]*,\\s*)?${VERSION}\\)`).test(found.engineFull))
    faults.push(`its engine has no version column: it must be ReplacingMergeTree(${VERSION})`)
  const sorted = found.sortingKey.split(',').map((name) => name.trim().replaceAll('`', ''))
  if ([...sorted].sort().join() !== [...shape.key].sort().join())
    faults.push(`its sorting key is (${found.sortingKey}): it must be (${shape.key.join(', ')})`)
  for (const column of shape.columns) {
    const own = found.columns.find(({ name }) => name === column.name)
    if (!own) {
      if (column.name === VERSION) faults.push(`it has no column ${VERSION} (UInt64 materialized ${column.materialized})`)
      else missing.push(column)
    } else if (bare(own.type) !== bare(column.type))
      faults.push(`its column ${column.name} is ${own.type}: it must be ${column.type}`)
    else if (column.materialized && !own.computed)
      faults.push(`its column ${column.name} is not computed: it must be materialized ${column.materialized}`)
  }
  return { faults, missing }
}
