import type { CoverageFilter, CoveredSeries } from '../../types/index.ts'
import { formatTime, type HistoryType, type NumberRange, parseTime, type Span } from '../../types/index.ts'

/** A span as PostgreSQL writes a range of times. */
export const rangeText = ({ from, to }: Span): string => `[${formatTime(from)},${formatTime(to)})`

/** Numbers as PostgreSQL writes a range of them. */
export const numbersText = ({ first, last }: NumberRange): string => `[${first},${last}]`

/** A time as text that parseTime reads, to the microsecond. */
export const timeText = (time: string): string => `to_char((${time}) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`

/** The spans of an array of pairs of such texts. */
export const spansOf = (pairs: readonly (readonly string[])[] | null): Span[] =>
  (pairs ?? []).map(([from = '', to = '']) => ({ from: parseTime(from), to: parseTime(to) }))

/** SQL: true if records older than the last one were written since the last refresh. @param known the row of coverage_series */
export const isRevised = (series: string, known: string): string =>
  `(${known}.seen is null or coalesce(${series}.revised >= ${known}.seen, false))`

/** SQL: the conditions of a filter on a row `s` of the registry; $1 to $6 are {@link filterValues}. */
export const FILTERED = `($1::text[] is null or s.source = any ($1)) and ($2::text[] is null or s.coin_id = any ($2))
  and ($3::text[] is null or s.currency = any ($3)) and ($4::text[] is null or s.type = any ($4))
  and ($5::text[] is null or s.timeframe = any ($5)) and ($6::bigint[] is null or s.id = any ($6))`

/** The parameters of {@link FILTERED}. @param ids restricts the series to these */
export const filterValues = (
  { sources, coins, currencies, types, timeframes }: CoverageFilter,
  ids?: readonly string[],
): unknown[] => [sources, coins, currencies, types, timeframes, ids].map((names) => (names ? [...names] : null))

export interface SeriesRow {
  readonly id: string
  readonly source: string
  readonly coin_id: string
  readonly currency: string
  readonly type: HistoryType
  readonly timeframe: string
}

export const seriesOf = ({ source, coin_id, currency, type, timeframe }: SeriesRow): CoveredSeries => ({
  source,
  coinId: coin_id,
  currency,
  type,
  ...(timeframe !== '' && { timeframe: timeframe as NonNullable<CoveredSeries['timeframe']> }),
})

/** SQL: locks series, always in the same order, so that two processes do not block each other. */
export const LOCK_SERIES = 'select id from coverage_series where id = any ($1::bigint[]) order by id for update'
