import type { Cadence, Logger, Micros } from '../../types/index.ts'
import { errorMessage, parseTime } from '../../types/index.ts'
import type { Pool } from '../pool.ts'
import type { Span } from './spans.ts'
import { intervalText, timeText } from './sql.ts'

/** How often a session says that it lives, in milliseconds, and after how long it is taken to be dead. */
export const BEAT_MS = 2000
export const DEAD_MS = 10_000

/** A session that is told of: while it is open, its source runs. */
export interface CoverageSession extends AsyncDisposable {
  /** Never throws: an end that could not be told shows as a time without a sign of life. */
  end(): Promise<void>
}

/** Times during which a source, or the platform (under no name), ran. */
export interface Sessions {
  /** In order, merged; one that lives reaches to now. */
  readonly spans: readonly Span[]
  readonly firstStart?: Micros
  /** Since when it runs, where it does. */
  readonly liveSince?: Micros
  /** How far apart its records come, by what it said last. */
  readonly cadence: Cadence
}

const ALIVE = `not ended and seen_at > clock_timestamp() - interval '${DEAD_MS} ms'`

/** A session that was followed by another ended when it was seen last, even if that was a moment ago. */
const UNTIL = `case when ${ALIVE} and lead(started_at) over (partition by source order by started_at) is null
  then clock_timestamp() else seen_at end`

/** A source that fails as soon as it starts, for months, leaves a row at each try: those that lasted no second say nothing. */
const FORGET = `delete from coverage_sessions as s where source = $1 and ended and seen_at - started_at < interval '1 second'
  and started_at < clock_timestamp() - interval '1 hour'
  and exists (select from coverage_sessions as e where e.source = s.source and e.started_at < s.started_at)`

/**
 * Tells that a source runs from now on. A database that is away is no reason to stop: the time is then taken for one in which
 * nothing ran.
 */
export async function beginSession(pool: Pool, source: string, cadence: Cadence, logger: Logger): Promise<CoverageSession> {
  await pool.query(FORGET, [source])
  const { rows } = await pool.query<{ id: string }>(
    'insert into coverage_sessions (source, price_every, ohlcv_every) values ($1, $2, $3) returning id',
    [source, intervalText(cadence.price), intervalText(cadence.ohlcv)],
  )
  const id = rows[0]?.id
  const tell = (text: string) =>
    pool.query(text, [id]).catch((error: unknown) => {
      logger.debug({ source, error: errorMessage(error) }, 'a sign of life could not be told')
    })
  let telling: Promise<unknown> = Promise.resolve()
  const timer = setInterval(() => {
    telling = tell('update coverage_sessions set seen_at = clock_timestamp() where id = $1')
  }, BEAT_MS)
  timer.unref()
  const end = async () => {
    clearInterval(timer)
    await telling
    await tell('update coverage_sessions set seen_at = clock_timestamp(), ended = true where id = $1 and not ended')
  }
  return { end, [Symbol.asyncDispose]: end }
}

/** Whether a source, or the platform (under no name), runs on this database. */
export async function runs(pool: Pool, source: string): Promise<boolean> {
  const { rowCount } = await pool.query(`select from coverage_sessions where source = $1 and ${ALIVE} limit 1`, [source])
  return rowCount !== 0
}

/** By source. */
export async function readSessions(pool: Pool): Promise<ReadonlyMap<string, Sessions>> {
  const { rows } = await pool.query<{
    source: string
    first: string
    live: string | null
    spans: string[][]
    price: string | null
    ohlcv: string | null
  }>(`select source, ${timeText('min(started_at)')} as first, ${timeText(`max(started_at) filter (where ${ALIVE})`)} as live,
    (select array_agg(array[${timeText('lower(r)')}, ${timeText('upper(r)')}] order by lower(r))
      from unnest(range_agg(tstzrange(started_at, greatest(started_at, until), '[]'))) as r) as spans,
    (array_agg((extract(epoch from price_every) * 1000000)::bigint order by started_at desc))[1]::text as price,
    (array_agg((extract(epoch from ohlcv_every) * 1000000)::bigint order by started_at desc))[1]::text as ohlcv
    from (select *, ${UNTIL} as until from coverage_sessions) as sessions group by source`)
  return new Map(
    rows.map(({ source, first, live, spans, price, ohlcv }) => [
      source,
      {
        spans: spans.map(([from = '', to = '']) => ({ from: parseTime(from), to: parseTime(to) })),
        firstStart: parseTime(first),
        ...(live !== null && { liveSince: parseTime(live) }),
        cadence: { ...(price !== null && { price: Number(price) }), ...(ohlcv !== null && { ohlcv: Number(ohlcv) }) },
      },
    ]),
  )
}
