import { type Cadence, type Logger, type Micros, nowMicros, parseTime, silentLogger } from '../../types/index.ts'
import type { coverageQuery } from '../dsl/queries.ts'
import type { QueryOf } from '../dsl/query.ts'
import { classifyPgError } from '../errors.ts'
import { migrate } from '../migrate.ts'
import { type Pool, type PoolClient, withClient } from '../pool.ts'
import { gapsOf } from './gaps.ts'
import { coverageMigrations } from './migrations.ts'
import type { CoverageFilter, CoveredSeries, SeriesCoverage } from './model.ts'
import { readSeries } from './read.ts'
import { refresh } from './refresh.ts'
import { beginSession, type CoverageSession, readSessions, runs } from './sessions.ts'
import { type Span, union } from './spans.ts'
import { LOCK_SERIES, rangeText, timeText } from './sql.ts'
import { HOLD_SPANS, SETTLE_REQUESTED } from './write.ts'

/** A validated query, as HTTP and the command line take it. */
export type CoverageQuery = QueryOf<typeof coverageQuery>

export interface FoundCoverage {
  readonly items: readonly SeriesCoverage[]
  /** Whether there are more series than were asked for. */
  readonly more: boolean
}

/** What became of a window that was asked for. */
export interface Settlement {
  readonly held: readonly Span[]
  /** What the provider has nothing of, or refuses. */
  readonly empty: readonly Span[]
  /** Why. */
  readonly reason: string
}

const ready = new WeakSet<Pool>()

/**
 * What is held of each series, what is missing and why, kept in the store. Safe from several processes, in any order: spans are
 * added up under a lock on their series.
 */
export class Coverage {
  readonly #pool: Pool

  private constructor(pool: Pool) {
    this.#pool = pool
  }

  /** Makes its tables where they are not there; once for each pool. @throws QiError */
  static async open(pool: Pool): Promise<Coverage> {
    if (!ready.has(pool)) await migrate(pool, { component: 'coverage', files: coverageMigrations })
    ready.add(pool)
    return new Coverage(pool)
  }

  /** Looks at what was stored since, and tells of each series what is held and what is missing, by coin. @throws QiError */
  async list(filter: CoverageFilter = {}, now: Micros = nowMicros()): Promise<readonly SeriesCoverage[]> {
    const ids = await this.refresh(filter)
    return classified(async () => {
      const sessions = await readSessions(this.#pool)
      const platform = sessions.get('')
      const known = await readSeries(this.#pool, ids)
      return known.map((one): SeriesCoverage => {
        const { series, first, last, held } = one
        const gaps = gapsOf({ ...one, source: sessions.get(series.source), platform, now })
        return { ...series, ...(first !== undefined && { first }), ...(last !== undefined && { last }), held, gaps }
      })
    })
  }

  /** A query from outside: the series that it names, between its times. */
  async find(query: CoverageQuery, now: Micros = nowMicros()): Promise<FoundCoverage> {
    const { type, timeframe, from = Number.MIN_SAFE_INTEGER, to = Number.MAX_SAFE_INTEGER, gaps, limit, ...names } = query
    const filter = { ...names, ...(type && { types: [type] }), ...(timeframe && { timeframes: [timeframe] }) }
    const wanted = (spans: readonly Span[]) => spans.some((span) => span.from < to && span.to > from)
    const all = (await this.list(filter, now)).flatMap((series) => {
      const part = {
        ...series,
        held: series.held.filter((span) => wanted([span])),
        gaps: series.gaps.filter((gap) => wanted([gap])),
      }
      return (gaps ? part.gaps.length > 0 : part.held.length + part.gaps.length > 0) ? [part] : []
    })
    return { items: all.slice(0, limit), more: all.length > limit }
  }

  /** Looks at what was stored since; of the series that the filter lets through. @returns their ids */
  refresh(filter: CoverageFilter = {}): Promise<readonly string[]> {
    return withClient(this.#pool, (client) => refresh(client, filter))
  }

  /** The id of a series, which need not hold anything yet. */
  async idOf({ source, coinId, currency, type, timeframe }: CoveredSeries): Promise<string> {
    const key = [source, coinId, currency, type, timeframe ?? '']
    return classified(async () => {
      await this.#pool.query(
        'insert into coverage_series (source, coin_id, currency, type, timeframe) values ($1, $2, $3, $4, $5) on conflict do nothing',
        key,
      )
      const { rows } = await this.#pool.query<{ id: string }>(
        'select id from coverage_series where (source, coin_id, currency, type, timeframe) = ($1, $2, $3, $4, $5)',
        key,
      )
      return (rows[0] as { id: string }).id
    })
  }

  /** What of a series need not be asked for: what is held, and what the provider has nothing of. */
  async settled(id: string): Promise<readonly Span[]> {
    const { rows } = await classified(() =>
      this.#pool.query<{ spans: string[][] | null }>(
        `select array_agg(array[${timeText('lower(span)')}, ${timeText('upper(span)')}]) as spans
         from coverage_spans where series_id = $1 and state in ('held', 'empty')`,
        [id],
      ),
    )
    return union((rows[0]?.spans ?? []).map(([from = '', to = '']) => ({ from: parseTime(from), to: parseTime(to) })))
  }

  /** A window is about to be asked for: until it is settled its records come in no order that says anything. */
  request(id: string, window: Span): Promise<void> {
    return this.#change(id, async (client) => {
      await client.query(
        `insert into coverage_spans (series_id, state, span) select $1, 'requested', $2::tstzrange
         where not exists (select from coverage_spans where series_id = $1 and state = 'requested' and span = $2::tstzrange)`,
        [id, rangeText(window)],
      )
    })
  }

  /** The records of a window are stored: what is held now, and what there is not to be had. */
  settle(id: string, window: Span, { held, empty, reason }: Settlement): Promise<void> {
    return this.#change(id, async (client) => {
      await client.query(HOLD_SPANS, [id, 'held', null, held.map(rangeText)])
      await client.query(HOLD_SPANS, [id, 'empty', reason, empty.map(rangeText)])
      await client.query(SETTLE_REQUESTED, [id, rangeText(window)])
    })
  }

  /** What the provider had nothing of, within a stretch, may be asked for again. */
  forget(id: string, { from, to }: Span): Promise<void> {
    return this.#change(id, async (client) => {
      await client.query("delete from coverage_spans where series_id = $1 and state = 'empty' and span && $2::tstzrange", [
        id,
        rangeText({ from, to }),
      ])
    })
  }

  /** Tells that a source runs from now on, or, under no name, a platform. */
  begin(source: string, cadence: Cadence = {}, logger: Logger = silentLogger): Promise<CoverageSession> {
    return classified(() => beginSession(this.#pool, source, cadence, logger))
  }

  /** Whether a platform runs on this store and stores what is published. */
  platformRuns(): Promise<boolean> {
    return classified(() => runs(this.#pool, ''))
  }

  /** Whether some process has said lately that it runs the source. */
  runs(source: string): Promise<boolean> {
    return classified(() => runs(this.#pool, source))
  }

  #change(id: string, work: (client: PoolClient) => Promise<void>): Promise<void> {
    return withClient(this.#pool, async (client) => {
      await client.query('begin')
      try {
        await client.query(LOCK_SERIES, [[id]])
        await work(client)
        await client.query('commit')
      } catch (error) {
        await client.query('rollback').catch(() => {})
        throw error
      }
    })
  }
}

async function classified<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw classifyPgError(error, 'coverage')
  }
}
