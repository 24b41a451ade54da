import { errorMessage, type Logger, type StreamSeries } from '../../types/index.ts'
import type { Pool } from '../pool.ts'
import { Outages, type Tell } from './outages.ts'

/** How often a session says that it lives, in milliseconds, and after how long it is taken to be dead. */
export const BEAT_MS = 2000
export const DEAD_MS = 10_000

/** The heartbeat row of one running source, ended by end(). */
export interface CoverageSession extends AsyncDisposable {
  /** Never throws: an end that could not be told shows as a time without a sign of life. */
  end(): Promise<void>
  /** Some series are cut off from now until the result is disposed of, or the session ends. Never throws. */
  outage(series: readonly StreamSeries[], reason: string): AsyncDisposable
}

/** @param now SQL */
export const aliveAt = (now: string): string => `not ended and seen_at > ${now} - interval '${DEAD_MS} ms'`
const ALIVE = aliveAt('clock_timestamp()')

/** A source that fails as soon as it starts, for months, leaves a row at each try: those that lasted no second say nothing. */
const FORGET = `delete from coverage_sessions as s where source = $1 and ended and seen_at - started_at < interval '1 second'
  and started_at < clock_timestamp() - interval '1 hour'
  and exists (select from coverage_sessions as e where e.source = s.source and e.started_at < s.started_at)`

/**
 * Tells that a source runs from now on. A database that is away is no reason to stop: the time is then taken for one in which
 * nothing ran.
 */
export async function beginSession(pool: Pool, source: string, logger: Logger): Promise<CoverageSession> {
  await pool.query(FORGET, [source])
  const { rows } = await pool.query<{ id: string }>('insert into coverage_sessions (source) values ($1) returning id', [source])
  const { id } = rows[0] as { id: string }
  const tell: Tell = (text, values) =>
    pool.query<{ id: string }>(text, [...values]).then(
      (result) => result.rows,
      (error: unknown) => {
        logger.debug({ source, error: errorMessage(error) }, 'a sign of life could not be told')
        return undefined
      },
    )
  const outages = new Outages(tell, id, source)
  let telling: Promise<unknown> = Promise.resolve()
  const timer = setInterval(() => {
    telling = tell('update coverage_sessions set seen_at = clock_timestamp() where id = $1', [id]).then(() => outages.tell())
  }, BEAT_MS)
  timer.unref()
  const end = async () => {
    clearInterval(timer)
    await telling
    await outages.tell()
    await tell('update coverage_sessions set seen_at = clock_timestamp(), ended = true where id = $1 and not ended', [id])
  }
  return { end, outage: (series, reason) => outages.begin(series, reason), [Symbol.asyncDispose]: end }
}

/** Whether a source, or the platform (under no name), runs on this database. */
export async function runs(pool: Pool, source: string): Promise<boolean> {
  const { rowCount } = await pool.query(`select from coverage_sessions where source = $1 and ${ALIVE} limit 1`, [source])
  return rowCount !== 0
}
