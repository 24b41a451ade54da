import { formatTime, MANUAL, type Micros, QiError } from '../../types/index.ts'
import { coinNotFound } from '../dsl/coins/notFound.ts'
import { resolveCoins } from '../dsl/coins/resolve.ts'
import { rankOfOrigin } from '../dsl/preference.ts'
import { fromCursor, toCursor } from '../dsl/query/cursor.ts'
import { type RowReader, readTime } from '../reading/RowReader.ts'
import { SERIES_NAMES } from '../tables/tables.ts'
import type { HistoryKind } from './kinds.ts'
import { type HistoryFilters, type HistoryOrder, type HistoryQuery, parameterOf } from './query.ts'

/** A series of the registry. */
export interface RegisteredSeries {
  readonly id: string
  readonly names: Readonly<Record<(typeof SERIES_NAMES)[number], string>>
  /** Times of its first and last record, in microseconds. */
  readonly first: Micros
  readonly last: Micros
}

/** The place of a record: the names of its series, and the values it is ordered by. */
export interface Place {
  readonly names: readonly string[]
  readonly values: readonly (string | null)[]
}

const NULL = '-'
const VALUE = '='

/** Marks that distinguish the cursors of the two orders. */
const MARKS: Readonly<Record<HistoryOrder, readonly string[]>> = { series: [], time: ['time'] }

/** The cursor after a record. */
export const cursorOf = ({ names, values }: Place, order: HistoryOrder): string =>
  toCursor([...MARKS[order], ...names, ...values.map((value) => (value === null ? NULL : `${VALUE}${value}`))])

/** Reads a cursor. @throws QiError BAD_REQUEST */
export function placeOf(kind: HistoryKind, cursor: string | undefined, order: HistoryOrder): Place | undefined {
  const marks = MARKS[order].length
  const parts = fromCursor(cursor, marks + SERIES_NAMES.length + kind.order.length)?.slice(marks)
  if (!parts) return undefined
  return {
    names: parts.slice(0, SERIES_NAMES.length),
    values: parts.slice(SERIES_NAMES.length).map((part) => (part === NULL ? null : part.slice(VALUE.length))),
  }
}

/** Compares names byte by byte, as the database does. */
export function compareNames(a: readonly string[], b: readonly string[]): number {
  for (const [i, name] of a.entries()) {
    const order = Buffer.compare(Buffer.from(name), Buffer.from(b[i] ?? ''))
    if (order !== 0) return order
  }
  return 0
}

/** Series read by one query. */
const PAGE = 1_000

const NAMES = SERIES_NAMES.map((name) => `s.${name}`).join(', ')

/** SQL: $1 type, $2 from, $3 to, $4 simulated too, $5… filters by name; a filter that is not set is null. */
const asked = (row: string): string =>
  SERIES_NAMES.map((name, i) => `($${5 + i}::text[] is null or ${row}.${name} = any ($${5 + i}))`).join(' and ')

const ASKED = `s.type = $1 and s.first is not null and s.first < $3::timestamptz and (s.last is null or s.last >= $2::timestamptz) and ${asked('s')}
  and ($4::boolean or s.origin is null or s.origin not in ('simulated', '${MANUAL}') or '${MANUAL}' = any ($6) or not exists (
    select from series as o where o.type = s.type and o.coin_id = s.coin_id and o.last is not null and ${asked('o')} and ${rankOfOrigin('o.origin')} < ${rankOfOrigin('s.origin')}))`

const LIST = `select s.id, ${NAMES}, s.first, coalesce(s.last, s.first) as last from series as s where ${ASKED} and (${NAMES}) >= (${SERIES_NAMES.map((_, i) => `$${5 + SERIES_NAMES.length + i}::text`).join(', ')})
  order by ${NAMES} limit ${PAGE}`

/**
 * SQL: a version that changes when a record of the range is added, changed or deleted. If the series reaches beyond the range, only
 * writes before its end count (`revised`), so appending to a series keeps the versions of earlier ranges.
 */
const VERSION = `select md5(string_agg(concat(s.id, ':', case when s.last_before >= $3::timestamptz then coalesce(s.revised::text, '') else s.written::text end,
    ':', s.first), ',' order by s.id)) as version, $3::timestamptz <= now() as closed from series as s where ${ASKED}`

/** The series and the range that a query selects. */
export class SeriesSelection {
  readonly #reader: RowReader
  readonly #values: readonly unknown[]

  private constructor(reader: RowReader, values: readonly unknown[]) {
    this.#reader = reader
    this.#values = values
  }

  /**
   * @param resolve true if coins may be given by ticker or name, and must be stored
   * @throws QiError NOT_FOUND for a coin without stored records, or a ticker that several coins share
   */
  static async of(reader: RowReader, kind: HistoryKind, query: HistoryQuery, resolve = true): Promise<SeriesSelection> {
    const coin = query.coin && (resolve ? await storedCoins(reader, kind, query) : query.coin)
    const filters: HistoryFilters = { ...query, ...(coin && { coin }) }
    return new SeriesSelection(reader, [
      kind.type.name,
      query.from === undefined ? '-infinity' : formatTime(query.from),
      query.to === undefined ? 'infinity' : formatTime(query.to),
      query.includeSimulated,
      ...SERIES_NAMES.map((name) => filters[parameterOf(name)] ?? null),
    ])
  }

  /** The series by name, from these names on, some at a time. */
  async *from(names: readonly string[] = SERIES_NAMES.map(() => '')): AsyncGenerator<readonly RegisteredSeries[]> {
    for (let first = names; ; ) {
      const rows = await this.#reader.rows({ name: 'history_series', text: LIST, values: [...this.#values, ...first] })
      if (rows.length === 0) return
      const all = rows.map((row) => ({
        id: row.id as string,
        names: Object.fromEntries(SERIES_NAMES.map((name) => [name, row[name]])) as RegisteredSeries['names'],
        first: readTime(row.first as string),
        last: readTime(row.last as string),
      }))
      yield all
      if (rows.length < PAGE) return
      // The smallest text after the last name.
      first = SERIES_NAMES.map((name) => all.at(-1)?.names[name] as string).with(-1, `${all.at(-1)?.names.params}\u0001`)
    }
  }

  /** The time of the first record of these series at or after a time, in microseconds; undefined if there is none. */
  async firstFrom({ table }: HistoryKind, series: readonly RegisteredSeries[], from: Micros): Promise<Micros | undefined> {
    const text = `select min(t.time) as time from unnest($1::bigint[]) as s (id) cross join lateral (
      select r.time from ${table.name} as r where r.series = s.id and r.time >= $2::timestamptz order by r.time limit 1) as t`
    const [row] = await this.#reader.rows({ text, values: [series.map(({ id }) => id), formatTime(from)] })
    return row?.time == null ? undefined : readTime(row.time)
  }

  /** The version of the selected records; `closed` is true if the range has ended. */
  async version(): Promise<{ readonly version: string; readonly closed: boolean }> {
    const [row] = await this.#reader.rows({ name: 'history_version', text: VERSION, values: this.#values })
    return { version: row?.version ?? 'none', closed: row?.closed === 't' }
  }
}

/** SQL: those of the coins $2 with a series of the type $1. */
const STORED = `select distinct coin_id from series where type = $1 and coin_id = any ($2) and first is not null`

async function storedCoins(
  reader: RowReader,
  kind: HistoryKind,
  { coin: asked = [], source: sources, currency: currencies }: HistoryFilters,
): Promise<readonly string[]> {
  const stored = async (coins: readonly string[]) =>
    new Set((await reader.rows({ text: STORED, values: [kind.type.name, coins] })).map((row) => row.coin_id))
  const known = await stored(asked)
  if (asked.every((coin) => known.has(coin))) return asked
  const coins = await resolveCoins(reader, asked, { sources, currencies })
  const found = await stored(coins)
  const missing = asked.find((_, i) => !found.has(coins[i] as string))
  if (missing !== undefined) throw await coinNotFound(reader, { coin: coins[asked.indexOf(missing)] as string }, kind.type.name)
  return coins
}

/** @throws QiError BAD_REQUEST unless from is before to */
export function checkRange({ from, to }: Pick<HistoryQuery, 'from' | 'to'>): void {
  if (from === undefined || to === undefined || from < to) return
  throw new QiError('BAD_REQUEST', `from ${formatTime(from)} must be before to ${formatTime(to)}`, { field: 'from' })
}
