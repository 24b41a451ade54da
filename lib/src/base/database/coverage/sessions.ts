import type { Logger, Span, StreamSeries } from '../../types/index.ts'
import type { Pool } from '../connections/pool.ts'
import { Outages, type Write } from './outages.ts'

/** The interval of heartbeats, and the age from which a session counts as dead, in milliseconds. */
export const BEAT_MS = 2000
export const DEAD_MS = 10_000

/** The heartbeat row of one running source, ended by end(). */
export interface CoverageSession extends AsyncDisposable {
  /** Ends the session. Never throws: if the end cannot be written, the missing heartbeats show it. */
  end(): Promise<void>
  /**
   * Notes that some series are cut off from now until the result is disposed of, or the session ends; with `over`, that they were for that
   * span. Never throws.
   */
  outage(series: readonly StreamSeries[], reason: string, over?: Span): AsyncDisposable
}

/** SQL: true if a session lives. @param now SQL of the current time */
export const aliveAt = (now: string): string => `not ended and seen_at > ${now} - interval '${DEAD_MS} ms'`
const ALIVE = aliveAt('clock_timestamp()')

/** SQL: deletes sessions of less than a second: a source that keeps failing at its start would leave a row at each try. */
const FORGET = `delete from coverage_sessions as s where source = $1 and ended and seen_at - started_at < interval '1 second'
  and started_at < clock_timestamp() - interval '1 hour'
  and exists (select from coverage_sessions as e where e.source = s.source and e.started_at < s.started_at)`

/**
 * Starts the heartbeat of a source. If the database is away later, the source runs on, and the time counts as one in which it did not
 * run.
 */
export async function beginSession(pool: Pool, source: string, logger: Logger): Promise<CoverageSession> {
  await pool.query(FORGET, [source])
  const { rows } = await pool.query<{ id: string }>('insert into coverage_sessions (source) values ($1) returning id', [source])
  const { id } = rows[0] as { id: string }
  const write: Write = (text, values) =>
    pool.query<{ id: string }>(text, [...values]).then(
      (result) => result.rows,
      (error: unknown) => {
        logger.debug({ source, err: error }, 'a heartbeat could not be written')
        return undefined
      },
    )
  const outages = new Outages(write, id, source)
  let beating: Promise<unknown> = Promise.resolve()
  const timer = setInterval(() => {
    beating = write('update coverage_sessions set seen_at = clock_timestamp() where id = $1', [id]).then(() => outages.save())
  }, BEAT_MS)
  timer.unref()
  const end = async () => {
    clearInterval(timer)
    await beating
    await outages.save()
    await write('update coverage_sessions set seen_at = clock_timestamp(), ended = true where id = $1 and not ended', [id])
  }
  return { end, outage: (series, reason, over) => outages.begin(series, reason, over), [Symbol.asyncDispose]: end }
}

/** True if a source runs on this database; with an empty name, the platform. */
export async function runs(pool: Pool, source: string): Promise<boolean> {
  const { rowCount } = await pool.query(`select from coverage_sessions where source = $1 and ${ALIVE} limit 1`, [source])
  return rowCount !== 0
}
