import { instrument, QiError, type RecordField, type RecordType, type RecordValues, recordTypes } from '../types/index.ts'

/** A table as the writers see it; derived from the record type, whose fields are its columns. */
export interface TableSpec {
  /** The table that rows are written to. */
  readonly name: string
  /** Its columns, in the order they are written. */
  readonly fields: readonly RecordField[]
  /** The primary key, in the order of its index. */
  readonly key: readonly string[]
  /** Set where a number stands for the names of a series. */
  readonly series?: SeriesSpec
}

/** The series that the rows of a table belong to. */
export interface SeriesSpec {
  /** The record type; with the values of `names` it names a row of the table `series`. */
  readonly type: string
  /** The view that shows each row with the names of its series: the table's name for everybody else. */
  readonly view: string
  /** Fields of a record that name its series. */
  readonly names: readonly RecordField[]
  /** Those of them that the table has a column of its own for. */
  readonly kept: readonly string[]
}

/** Columns of the table `series` that name a series; empty where its records have no such field. */
export const SERIES_NAMES = ['coin_id', 'source', 'currency', 'timeframe', 'name', 'params'] as const
export type SeriesName = (typeof SERIES_NAMES)[number]

/** The number of a row's series: the first column of its table and of the primary key. */
export const SERIES: RecordField = { name: 'series', property: 'series', kind: 'integer', optional: false }

/** Checks of a bar look at its timeframe, so the table of bars keeps that. */
const KEPT: readonly string[] = ['timeframe']

/** The fields that all records of one series share. Without a declared series these are the whole key but for the time. */
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

/** Where the instruments go, by kind. */
const REFERENCE = {
  currency: { name: 'currencies', without: ['kind', 'exchange', 'base', 'quote', 'tick_size', 'lot_size', 'calendar'] },
  exchange: { name: 'exchanges', without: ['kind', 'exchange', 'base', 'quote', 'tick_size', 'lot_size', 'calendar'] },
  pair: { name: 'trading_pairs', without: ['kind'] },
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
}

export type SeriesTable = TableSpec & { readonly series: SeriesSpec }

/** The tables of records over time, whose rows begin with the number of their series. */
export const seriesTables: readonly SeriesTable[] = Object.values(recordTypes as Record<string, RecordType>).flatMap((type) =>
  type.table === undefined ? [] : [rowsTable(type, type.table) as SeriesTable],
)

/** Every table that records are stored in. */
export const allTables: readonly TableSpec[] = [...seriesTables, ...Object.values(referenceTables)]

/** What everybody else calls the table: the view, where there is one. */
export const publicName = ({ name, series }: TableSpec): string => series?.view ?? name

/** The table behind a view of records over time. */
export const rowsOf = (view: string): string => seriesTables.find(({ series }) => series.view === view)?.name ?? view

/** The table that a record belongs to. @throws QiError UNSUPPORTED for a record type that is not stored */
export function tableOf(type: RecordType, record: RecordValues): TableSpec {
  const table =
    type.name === instrument.name
      ? referenceTables[record.kind as InstrumentKind]
      : seriesTables.find(({ series }) => series.type === type.name)
  if (table) return table
  if (type.name === instrument.name)
    throw new QiError('BAD_DATA', `instrument: kind ${JSON.stringify(record.kind)}: expected currency, exchange or pair`, {
      field: 'kind',
    })
  throw new QiError('UNSUPPORTED', `no table holds records of the type ${type.name}`)
}
