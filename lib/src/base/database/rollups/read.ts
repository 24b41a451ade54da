import { type Micros, timeframeMicros } from '../../types/index.ts'
import type { Statement } from '../reader.ts'
import { COMPOSED, FIGURE_COLUMNS, FIGURES } from './figures.ts'
import { type Level, levelFor, RAW, type Rolled, viewOf } from './levels.ts'

/** Buckets of one series. */
export interface Wanted {
  readonly coinId: string
  readonly source: string
  readonly currency: string
  readonly rolled: Rolled
  /** Of a bucket, in microseconds. */
  readonly length: Micros
  /** Any moment at which a bucket opens. */
  readonly origin: Micros
}

/** The level that buckets are read from; none where the records are as near. */
export function levelOf({ rolled, length, origin }: Wanted): Level | undefined {
  const level = levelFor(length, origin)
  // Stored bars of one minute are kept where they are.
  return rolled === 'candles' && level === '1m' ? undefined : level
}

const SERIES = 'o.coin_id = $1 and o.source = $2 and o.currency = $3'
/** What of the series is not rolled up yet; nothing is, where rollups are off. */
const PENDING = (rolled: Rolled): string => `pending as materialized (
    select since, until from rollup_marks as o where ${SERIES} and o.built_from = '${rolled}'
    union all select '-infinity', 'infinity' where not exists (select from qicore_settings where name = 'rollups'))`

const values = ({ coinId, source, currency, length }: Wanted, opens: readonly string[]): unknown[] => [
  coinId,
  source,
  currency,
  opens,
  `${length} microseconds`,
]

/**
 * The buckets that open at these times, from the bars of a level; for one that is not rolled up to the last record a row that says
 * so (and whether rollups are off) and nothing more. Buckets that hold nothing are left out. The marks and the bars are seen at one moment.
 */
export function rolledUp(wanted: Wanted, level: Level, opens: readonly string[]): Statement {
  const { rolled, length } = wanted
  const isOne = timeframeMicros(level) === length
  const figures = isOne ? FIGURE_COLUMNS.map((column) => `o.${column}`).join(', ') : COMPOSED
  const within = isOne ? 'o.time = b.open' : 'o.time >= b.open and o.time < b.open + $5::interval'
  return {
    name: `rolled_${rolled}_${level}${isOne ? '' : '_many'}`,
    text: `with ${PENDING(rolled)}
select b.open as bucket, s.stale, (select since from pending limit 1) = '-infinity' as off, r.* from unnest($4::timestamptz[]) as b (open)
cross join lateral (select exists (select from pending as p where p.since < b.open + $5::interval and p.until >= b.open) as stale) as s
left join lateral (select ${figures} from ${viewOf(level)} as o
  where not s.stale and ${SERIES} and o.built_from = '${rolled}' and ${within}) as r on true
where s.stale or r.pieces > 0`,
    values: values(wanted, opens),
  }
}

/**
 * The same for buckets that are not rolled up to the last record: their minutes that are, and of the others the records. So the
 * bar of a busy day that is not over costs as little as any. Records are looked for once a stretch: over many chunks each look is dear.
 */
export function mended(wanted: Wanted, opens: readonly string[]): Statement {
  const { rolled } = wanted
  const columns = FIGURE_COLUMNS.join(', ')
  return {
    name: `mended_${rolled}`,
    text: `with ${PENDING(rolled)},
stale as materialized (select unnest(range_agg(tstzrange(date_bin('1 minute', greatest(p.since, b.open), 'epoch'),
    date_bin('1 minute', least(p.until, b.open + $5::interval - interval '1 microsecond'), 'epoch') + interval '1 minute'))) as stretch
  from unnest($4::timestamptz[]) as b (open) join pending as p on p.since < b.open + $5::interval and p.until >= b.open)
select o.bucket, ${COMPOSED} from (
  select b.open as bucket, m.* from unnest($4::timestamptz[]) as b (open)
    cross join lateral (select o.time, ${columns} from rollup_1m as o where ${SERIES} and o.built_from = '${rolled}'
      and o.time >= b.open and o.time < b.open + $5::interval and not exists (select from stale where stretch @> o.time)) as m
  union all
  select date_bin($5::interval, m.time, (select min(open) from unnest($4::timestamptz[]) as b (open))), m.* from stale as s
    cross join lateral (select date_bin('1 minute', o.time, 'epoch') as time, ${FIGURES[rolled]} from ${RAW[rolled].table} as o
      where ${SERIES} and o.time >= lower(s.stretch) and o.time < upper(s.stretch) group by 1) as m) as o
group by o.bucket`,
    values: values(wanted, opens),
  }
}

/** Whether pieces of a minute are worth their probes: shorter buckets, and stored bars, are read from the records as they are. */
export const canMend = ({ rolled, length }: Wanted): boolean => rolled !== 'candles' && length > timeframeMicros('1m')

/** The opens of the latest buckets of a range, of series whose records retention drops: only their bars are sure to be there. */
export function droppedOpens(
  wanted: Wanted,
  level: Level,
  origin: string,
  { from, to, limit }: { readonly from: string; readonly to: string; readonly limit: number },
): Statement {
  const { coinId, source, currency, rolled, length } = wanted
  const newestBefore = (
    end: string,
  ) => `(select date_bin($4::interval, o.time, $5::timestamptz) as open from ${viewOf(level)} as o
    where ${SERIES} and o.built_from = '${rolled}' and o.time < ${end} and o.time >= $6::timestamptz
      and exists (select from qicore_settings where name = 'kept_since.${rolled}') order by o.time desc limit 1)`
  return {
    name: `dropped_${rolled}_${level}`,
    text: `with recursive b (open) as (${newestBefore('$7::timestamptz')}
    union all select n.open from b cross join lateral ${newestBefore('b.open')} as n)
    select open from b limit $8`,
    values: [coinId, source, currency, `${length} microseconds`, origin, from, to, limit],
  }
}
