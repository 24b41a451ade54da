import type { CoveredSeries } from '../../types/index.ts'
import { type Cadence, type HistoryType, type Micros, parseTime, type SeriesTraits, type Span } from '../../types/index.ts'
import type { Pool } from '../connections/pool.ts'
import { aliveAt } from './sessions.ts'
import { spansOf, timeText } from './sql.ts'

/** A time in which some series of a running source were cut off. */
export interface Outage extends Span {
  readonly reason: string
  readonly series: readonly {
    readonly type: string
    readonly coin_id?: string
    readonly currency?: string
    readonly timeframe?: string
  }[]
}

/** The state of a source; with an empty name, of the platform. */
export interface KnownSource {
  /** The times in which it ran: in order, merged; up to now if it runs. */
  readonly spans: readonly Span[]
  readonly firstStart?: Micros
  /** The start of the current session; absent if it does not run. */
  readonly liveSince?: Micros
  /** The cadence of its last start. */
  readonly cadence: Cadence
  readonly contiguous: readonly HistoryType[]
  readonly calendar?: string
  readonly outages: readonly Outage[]
}

/** SQL: the moment up to which the database is current: $1 milliseconds ago. */
const NOW = "(clock_timestamp() - $1 * interval '1 millisecond')"
const ALIVE = aliveAt(NOW)

/** SQL: the end of a session. One that was followed by another ended at its last heartbeat, however recent. */
const UNTIL = `case when ${ALIVE} and lead(started_at) over (partition by source order by started_at) is null
  then ${NOW} else seen_at end`

/** SQL: the state of all sources. An outage that was left open ended with its session. */
const SOURCES = `with sessions as materialized (select *, ${UNTIL} as until, ${ALIVE} as alive from coverage_sessions),
ran as (select source, ${timeText('min(started_at)')} as first, ${timeText('max(started_at) filter (where alive)')} as live,
  (select array_agg(array[${timeText('lower(r)')}, ${timeText('upper(r)')}] order by lower(r))
    from unnest(range_agg(tstzrange(started_at, greatest(started_at, until), '[]'))) as r) as spans
  from sessions group by source),
cut as (select o.source, json_agg(json_build_object('from', ${timeText('o.started_at')}, 'reason', o.reason, 'series', o.series,
    'to', ${timeText('greatest(o.started_at, least(o.ended_at, s.until))')}) order by o.id) as outages
  from coverage_outages as o join sessions as s on s.id = o.session_id group by o.source)
select source, ran.first, ran.live, ran.spans, cadence, contiguous, calendar, outages
from ran full join coverage_sources using (source) left join cut using (source)`

interface Row {
  readonly source: string
  readonly first: string | null
  readonly live: string | null
  readonly spans: string[][] | null
  readonly cadence: Cadence | null
  readonly contiguous: HistoryType[] | null
  readonly calendar: string | null
  readonly outages: { from: string; to: string; reason: string; series: Outage['series'] }[] | null
}

/** The state of each source by its name. @param lagMs the replication lag of this database */
export async function readSources(pool: Pool, lagMs = 0): Promise<ReadonlyMap<string, KnownSource>> {
  const { rows } = await pool.query<Row>(SOURCES, [lagMs])
  return new Map(
    rows.map(({ source, first, live, spans, cadence, contiguous, calendar, outages }): [string, KnownSource] => [
      source,
      {
        spans: spansOf(spans),
        ...(first !== null && { firstStart: parseTime(first) }),
        ...(live !== null && { liveSince: parseTime(live) }),
        cadence: cadence ?? {},
        contiguous: contiguous ?? [],
        ...(calendar !== null && { calendar }),
        outages: (outages ?? []).map(({ from, to, ...rest }) => ({ ...rest, from: parseTime(from), to: parseTime(to) })),
      },
    ]),
  )
}

/** The outages that cut a series off. */
export const outagesOf = ({ outages }: KnownSource, { type, coinId, currency, timeframe }: CoveredSeries): Outage[] =>
  outages.filter(({ series }) =>
    series.some(
      (one) =>
        one.type === type &&
        (one.coin_id ?? coinId) === coinId &&
        (one.currency ?? currency) === currency &&
        (one.timeframe ?? timeframe) === timeframe,
    ),
  )

const LAST_WORD = `update set cadence = excluded.cadence, contiguous = excluded.contiguous, calendar = excluded.calendar
  where (coverage_sources.cadence, coverage_sources.contiguous, coverage_sources.calendar)
    is distinct from (excluded.cadence, excluded.contiguous, excluded.calendar)`

/** Stores the traits of a source's series: always (`last word`), or if there are none yet (`first word`). */
export async function declareSource(
  pool: Pool,
  source: string,
  { cadence, contiguous, calendar }: SeriesTraits,
  word: 'first word' | 'last word',
): Promise<void> {
  const { rowCount } = await pool.query(
    `insert into coverage_sources (source, cadence, contiguous, calendar) values ($1, $2, $3, coalesce($4, '24x7'))
     on conflict (source) do ${word === 'last word' ? LAST_WORD : 'nothing'}`,
    [source, JSON.stringify(cadence ?? {}), [...(contiguous ?? [])], calendar ?? null],
  )
  // Silences and numbers mean something else now, so all its series are refreshed again.
  if (rowCount)
    await pool.query(
      'update coverage_series as k set seen = null from series as s where s.id = k.id and s.source = $1 and k.seen is not null',
      [source],
    )
}
