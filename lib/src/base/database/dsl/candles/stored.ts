import { EARLIEST, formatTime, MANUAL, type Timeframe, timeframeMicros } from '../../../types/index.ts'
import { type RawRow, type RowReader, readTime } from '../../reading/RowReader.ts'
import { isClosed } from '../../rollups/figures.ts'
import { notFuture } from '../../tables/notFuture.ts'
import { byPreference } from '../preference.ts'
import type { StoredPart, StoredSeries } from '../series.ts'
import { type PackedBars, packed } from './packedBars.ts'
import { interval } from './statements.ts'

/** The series of a coin to look for, and the bars to read. */
export interface StoredQuery {
  readonly coin: string
  readonly source?: string | undefined
  readonly currency?: string | undefined
  /** The timeframe of the bars to read; undefined reads none. */
  readonly timeframe: Timeframe | undefined
  /** The earliest open, as text; -infinity for no limit. Never null: a prepared plan would then read all history. */
  readonly from: string
  /** Bars open before this time, as text. */
  readonly to: string
  readonly limit: number
}

export interface FoundSeries {
  /** Every series of the coin, the preferred one first. */
  readonly all: readonly StoredSeries[]
  /** The preferred one of the series that were asked for. */
  readonly chosen: StoredSeries | undefined
  /** The stored bars of the chosen series that are served as they are: closed, and without a flaw. */
  readonly bars: PackedBars
}

/** SQL: the kind of data of a series `s` of the registry. */
export const KIND_OF_SERIES = "case s.type when 'ohlcv' then s.timeframe when 'trade' then 'trades' else 'prices' end"

/** SQL: true if rolled-up bars may be all that is left of a series `s`, because retention drops records. */
const ONLY_BARS = `s.type in ('trade', 'price') and exists (select from qicore_settings where name like 'kept\\_since.%')`

/**
 * SQL: the stored series of a coin and the bars that were asked for, in one round trip. Chooses the series as preference.ts does.
 * $1 coin, $2 source, $3 currency, $4 timeframe, $5 from, $6 to, $7 limit, $8 the bars' length
 */
const STORED = `with parts as materialized (
  select s.id, s.source, s.currency, ${KIND_OF_SERIES} as kind, s.last as time, s.origin, greatest(s.first, '${formatTime(EARLIEST)}') as first from series as s
    where s.coin_id = $1 and s.type in ('ohlcv', 'trade', 'price') and s.last is not null
  union all
  select null, s.source, s.currency, ${KIND_OF_SERIES}, l.time, l.origin, null from series as s cross join lateral (
    select t.time, t.origin from rollups as t where t.series = s.id and t.timeframe = '1m' and ${notFuture('t.time')}
      order by t.time desc limit 1) as l
    where s.coin_id = $1 and ${ONLY_BARS}),
chosen as materialized (select source, currency from (
    select source, currency, max(time) as latest, (array_agg(origin = 'simulated' order by time desc, origin = 'simulated'))[1] as simulated
    from parts where ($2::text is null or source = $2) and ($3::text is null or currency = $3) group by source, currency) as s
  order by case when simulated then 2 when source = '${MANUAL}' then 1 else 0 end, latest desc, (source || ':' || currency) collate "C" limit 1)
select source, currency, kind, time, origin, first, null::bigint as count from parts
union all
select null, null, ${packed('o')}, null, null, null, count(*) from (select * from ohlcv_data_rows as t
  where t.series = (select p.id from parts as p join chosen as c on c.source = p.source and c.currency = p.currency where p.kind = $4)
    and t.time >= $5::timestamptz and t.time < $6::timestamptz and t.flaw is null and ${isClosed('t', '$8::interval')}
  order by t.time desc limit $7) as o`

/** Finds the stored series of a coin, and reads the bars of the chosen one that are served as they are stored. */
export async function findStored(reader: RowReader, query: StoredQuery): Promise<FoundSeries> {
  const { coin, source = null, currency = null, timeframe = null, from, to, limit } = query
  const length = interval(timeframe === null ? 0 : timeframeMicros(timeframe))
  const values = [coin, source, currency, timeframe, from, to, limit, length]
  const rows = await reader.rows({ name: 'held_and_bars', text: STORED, values })
  const bySeries = Map.groupBy(
    rows.filter((row) => row.source !== null),
    (row) => `${row.source}:${row.currency}`,
  )
  const all = [...bySeries.values()].map((some) => merged(coin, some)).sort(byPreference)
  const chosen = all.find((one) => (source ?? one.source) === one.source && (currency ?? one.currency) === one.currency)
  const bars = rows.find((row) => row.source === null)
  return { all, chosen, bars: { text: bars?.kind ?? '', count: Number(bars?.count ?? 0) } }
}

function merged(coinId: string, rows: readonly RawRow[]): StoredSeries {
  const parts = rows.map((row) => ({
    kind: row.kind as StoredPart['kind'],
    first: row.first == null ? undefined : readTime(row.first),
    latest: readTime(row.time as string),
    simulated: row.origin === 'simulated',
  }))
  const latest = Math.max(...parts.map((part) => part.latest))
  return {
    coinId,
    source: rows[0]?.source as string,
    currency: rows[0]?.currency as string,
    simulated: parts.every((part) => part.simulated || part.latest < latest),
    latest,
    parts: [...Map.groupBy(parts, ({ kind }) => kind)].map(([kind, of]) => ({
      kind,
      first: of.find(({ first }) => first !== undefined)?.first,
      latest: Math.max(...of.map((part) => part.latest)),
    })),
  }
}
