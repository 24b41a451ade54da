import { type RecordField, type RecordType, recordTypes } from '../../types/index.ts'
import { marketOrder } from '../tables/marketOrder.ts'
import { type SeriesNameColumn, type SeriesTable, seriesTables } from '../tables/tables.ts'

/** A record type with a history: its stored records can be read over a range of time. */
export interface HistoryKind {
  /** The plural name, as in URLs and commands: `prices`. */
  readonly name: string
  readonly type: RecordType
  readonly table: SeriesTable
  /** Names of a series that a query can filter by; columns of the registry. */
  readonly names: readonly SeriesNameColumn[]
  /** Columns of its table that are fields of a record, in the order of the fields. */
  readonly columns: readonly RecordField[]
  /** Columns that order the rows of one series, `time` first. */
  readonly order: readonly OrderColumn[]
}

/** A column that rows are ordered by, and the terms to compare. */
export interface OrderColumn {
  readonly name: string
  /** SQL terms of an expression for the column. */
  terms(column: string): readonly string[]
}

/** The sequence of rows without one: within a moment they come last. */
const GREATEST_BIGINT = '9223372036854775807'

const TERMS: Readonly<Record<string, OrderColumn['terms']>> = {
  sequence: (column) => [`coalesce(${column}, ${GREATEST_BIGINT})`],
  trade_id: (column) => [`length(${column})`, column],
}

/** Names of histories that are not the record type with an s. */
const NAMES: Readonly<Record<string, string>> = { ohlcv: 'ohlcv', market_analytics: 'market', trending: 'trending' }

function kindOf(table: SeriesTable): HistoryKind {
  const { series } = table
  const type = (recordTypes as unknown as Record<string, RecordType>)[series.type] as RecordType
  // A term such as `length(trade_id)` belongs to the column after it.
  const market = marketOrder(series.view).filter((term) => !term.includes('('))
  const key = table.key.slice(1).filter((name) => !market.includes(name))
  return {
    name: NAMES[type.name] ?? `${type.name}s`,
    type,
    table,
    names: series.names.map(({ name }) => name as SeriesNameColumn),
    columns: table.fields.slice(1),
    order: [...market, ...key].map((name) => ({ name, terms: TERMS[name] ?? ((column: string) => [column]) })),
  }
}

/** Every kind of history, by name. */
export const historyKinds: ReadonlyMap<string, HistoryKind> = new Map(
  seriesTables.map((table) => kindOf(table)).map((kind) => [kind.name, kind]),
)
