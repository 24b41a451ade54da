import { instrument, QiError, type RecordField, type RecordType, type RecordValues, recordTypes } from '../../types/index.ts'

/** A table that records are written to; derived from the record type, whose fields are its columns. */
export interface TableSpec {
  /** The table that rows are written to. */
  readonly name: string
  /** Its columns, in the order they are written. */
  readonly fields: readonly RecordField[]
  /** The primary key, in the order of its index. */
  readonly key: readonly string[]
  /** Set if the table is keyed by the number of a series instead of its names. */
  readonly series?: SeriesSpec
}

/** The series that the rows of a table belong to. */
export interface SeriesSpec {
  /** The record type; with the values of `names` it identifies a row of the table `series`. */
  readonly type: string
  /** The view that shows each row with the names of its series; the public name of the table. */
  readonly view: string
  /** Fields of a record that identify its series. */
  readonly names: readonly RecordField[]
  /** Names that are also columns of the table itself. */
  readonly kept: readonly string[]
}

/** Columns of the table `series` that identify a series; empty text if its records have no such field. */
export const SERIES_NAMES = ['coin_id', 'source', 'currency', 'timeframe', 'name', 'params'] as const
export type SeriesNameColumn = (typeof SERIES_NAMES)[number]

/** The column with the number of a row's series: first in its table and in the primary key. */
export const SERIES: RecordField = { name: 'series', property: 'series', kind: 'integer', optional: false }

/** The table of bars keeps the timeframe, since its check constraint reads it. */
const KEPT: readonly string[] = ['timeframe']

/** The fields that all records of one series share. Without a declared series: the key without the time. */
function namesOf({ series, key, fields }: RecordType): readonly RecordField[] {
  const names = series ? [...series.by, ...(series.shared ?? [])] : key.filter((name) => name !== 'time')
  return SERIES_NAMES.flatMap((name) => (names.includes(name) ? fields.filter((field) => field.name === name) : []))
}

function rowsTable(type: RecordType, view: string): TableSpec {
  const names = namesOf(type)
  const isName = (column: string) => names.some(({ name }) => name === column)
  const kept = type.name === 'ohlcv' ? KEPT : []
  return {
    name: `${view}_rows`,
    fields: [SERIES, ...type.fields.filter(({ name }) => !isName(name) || kept.includes(name))],
    key: [SERIES.name, ...type.key.filter((name) => !isName(name))],
    series: { type: type.name, view, names, kept },
  }
}

const MARKET = ['exchange', 'tick_size', 'lot_size', 'calendar', 'mic', 'timezone', 'asset_class', 'currency'] as const
/** Tables of instruments by kind, and the fields they leave out. */
const REFERENCE = {
  currency: { name: 'currencies', without: ['kind', 'base', 'quote', ...MARKET] },
  exchange: { name: 'exchanges', without: ['kind', 'base', 'quote', ...MARKET] },
  pair: { name: 'trading_pairs', without: ['kind'] },
  security: { name: 'securities', without: ['kind', 'base', 'quote'] },
} as const

export type InstrumentKind = keyof typeof REFERENCE

const referenceTable = (kind: InstrumentKind): TableSpec => ({
  name: REFERENCE[kind].name,
  fields: instrument.fields.filter((field) => !(REFERENCE[kind].without as readonly string[]).includes(field.name)),
  key: ['source', 'coin_id'],
})

export const referenceTables: Readonly<Record<InstrumentKind, TableSpec>> = {
  currency: referenceTable('currency'),
  exchange: referenceTable('exchange'),
  pair: referenceTable('pair'),
  security: referenceTable('security'),
}

export type SeriesTable = TableSpec & { readonly series: SeriesSpec }

/** The tables of time series; their rows begin with the number of their series. */
export const seriesTables: readonly SeriesTable[] = Object.values(recordTypes as Record<string, RecordType>).flatMap((type) =>
  type.table === undefined ? [] : [rowsTable(type, type.table) as SeriesTable],
)

/** The fields that identify a record, so that repeats of it share them: those of its series, then the rest of the key, time first. */
export function identityOf(type: RecordType): { readonly series: readonly RecordField[]; readonly rest: readonly RecordField[] } {
  const series = namesOf(type)
  // Each kind of instrument has a table of its own, and an id may be in several.
  const key = type.name === instrument.name ? [...type.key, 'kind'] : type.key
  const rest = key.filter((name) => !series.some((field) => field.name === name))
  const first = rest.includes('time') ? ['time', ...rest.filter((name) => name !== 'time')] : rest
  return { series, rest: first.flatMap((name) => type.fields.filter((field) => field.name === name)) }
}

/** Every table that records are stored in. */
export const allTables: readonly TableSpec[] = [...seriesTables, ...Object.values(referenceTables)]

/** The public name of a table: its view if there is one. */
export const publicName = ({ name, series }: TableSpec): string => series?.view ?? name

/** The name of the rows table behind a view. */
export const rowsTableOf = (view: string): string => seriesTables.find(({ series }) => series.view === view)?.name ?? view

/** The table of a record. @throws QiError UNSUPPORTED for a record type that is not stored, BAD_DATA for an unknown kind of instrument */
export function tableOf(type: RecordType, record: RecordValues): TableSpec {
  const table =
    type.name === instrument.name
      ? referenceTables[record.kind as InstrumentKind]
      : seriesTables.find(({ series }) => series.type === type.name)
  if (table) return table
  if (type.name === instrument.name)
    throw new QiError(
      'BAD_DATA',
      `instrument: kind ${JSON.stringify(record.kind)}: expected currency, exchange, pair or security`,
      {
        field: 'kind',
      },
    )
  throw new QiError('UNSUPPORTED', `no table holds records of the type ${type.name}`)
}
