import { type Micros, timeframeMicros } from '../../types/index.ts'
import type { Statement } from '../reading/RowReader.ts'
import { seriesNumberSql } from '../tables/seriesLookup.ts'
import { COMPOSED, FIGURE_COLUMNS } from './figures.ts'
import { type Level, levelFor, orderOf, RAW, type Rolled, rollupView } from './levels.ts'
import { shardOf } from './marks.ts'

/** A request for buckets of one series. */
export interface WantedBuckets {
  readonly coinId: string
  readonly source: string
  readonly currency: string
  /** Length of a bucket, in microseconds. */
  readonly length: Micros
  /** Any moment at which a bucket opens. */
  readonly origin: Micros
}

/** The level to read buckets of stored one-minute bars from; undefined for 1m, where the stored bars themselves are read. */
export function levelOf({ length, origin }: Pick<WantedBuckets, 'length' | 'origin'>): Level | undefined {
  const level = levelFor(length, origin)
  return level === '1m' ? undefined : level
}

const NAMES = { coin_id: '$1', source: '$2', currency: '$3' }
/** SQL: the number of the requested series. */
const wantedSeries = (rolled: Rolled): string =>
  seriesNumberSql(RAW[rolled].type, { ...NAMES, timeframe: `'${RAW[rolled].timeframe}'` })

/**
 * Statement for the buckets of stored one-minute bars that open at `opens`, read from the bars of a level. A bucket with dirty ranges, such
 * as the present one, yields a row with `stale` and no figures. Empty buckets are left out. Marks and bars are read in one snapshot.
 */
export function rolledUp({ coinId, source, currency, length }: WantedBuckets, level: Level, opens: readonly string[]): Statement {
  const isOne = timeframeMicros(level) === length
  const figures = isOne ? FIGURE_COLUMNS.map((column) => `o.${column}`).join(', ') : COMPOSED
  const within = isOne ? 'o.time = b.open' : 'o.time >= b.open and o.time < b.open + $5::interval'
  return {
    name: `rolled_candles_${level}${isOne ? '' : '_many'}`,
    text: `with wanted as materialized (select ${wantedSeries('candles')} as id),
  pending as materialized (
    select m.since, m.until from wanted as w join rollup_marks as m on m.shard = ${shardOf('w.id')} and w.id = any (m.series)
      where m.level <= ${orderOf(level)}
    union all select '-infinity', 'infinity' where not exists (select from qicore_settings where name = 'rollups'))
select b.open as bucket, s.stale, r.* from unnest($4::timestamptz[]) as b (open)
cross join lateral (select exists (select from pending as p where p.since < b.open + $5::interval and p.until > b.open) as stale) as s
left join lateral (select ${figures} from ${rollupView(level)} as o
  where not s.stale and o.series = (select id from wanted) and ${within}) as r on true
where s.stale or r.pieces > 0`,
    values: [coinId, source, currency, opens, `${length} microseconds`],
  }
}

/** Statement for the opens of the latest buckets in a range, for series whose records retention drops: there only the bars are complete. */
export function droppedOpens(
  { coinId, source, currency, length }: WantedBuckets,
  rolled: Rolled,
  level: Level,
  origin: string,
  { from, to, limit }: { readonly from: string; readonly to: string; readonly limit: number },
): Statement {
  const newestBefore = (
    end: string,
  ) => `(select date_bin($4::interval, o.time, $5::timestamptz) as open from ${rollupView(level)} as o
    where o.series = (select id from wanted) and o.time < ${end} and o.time >= $6::timestamptz
      and exists (select from qicore_settings where name = 'kept_since.${rolled}') order by o.time desc limit 1)`
  return {
    name: `dropped_${rolled}_${level}`,
    text: `with recursive wanted as materialized (select ${wantedSeries(rolled)} as id), b (open) as (${newestBefore('$7::timestamptz')}
    union all select n.open from b cross join lateral ${newestBefore('b.open')} as n)
    select open from b limit $8`,
    values: [coinId, source, currency, `${length} microseconds`, origin, from, to, limit],
  }
}
