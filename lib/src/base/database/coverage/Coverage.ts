import type { CoverageFilter, CoveredSeries, NumberedSeries, SeriesCoverage } from '../../types/index.ts'
import {
  ALWAYS,
  CALENDARS,
  type Calendar,
  calendarOf,
  type Logger,
  type Micros,
  type NumberRange,
  nowMicros,
  openHours,
  type SeriesTraits,
  type Span,
  silentLogger,
  subtract,
  union,
} from '../../types/index.ts'
import { classifyPgError } from '../connections/errors.ts'
import { inTransaction, type Pool, type PoolClient, withClient } from '../connections/pool.ts'
import { replicaState } from '../connections/replicaState.ts'
import type { coverageQuery } from '../dsl/query/queries.ts'
import type { QueryOf } from '../dsl/query/query.ts'
import { instrumentCalendar } from '../tables/instrumentCalendar.ts'
import { gapsOf } from './gaps.ts'
import type { Known } from './known.ts'
import { migrateCoverage } from './migrations.ts'
import { numberGaps } from './numberGaps.ts'
import { readSeries, seriesIds } from './read.ts'
import { refresh, refreshOne } from './refresh.ts'
import { EMPTY_NUMBERS, HOLD_SPANS, REQUEST, SETTLE_NUMBERS, SETTLE_REQUESTED } from './requests.ts'
import { beginSession, type CoverageSession, runs } from './sessions.ts'
import { declareSource, readSources } from './sources.ts'
import { LOCK_SERIES, numbersText, rangeText, spansOf, timeText } from './sql.ts'
import { findUnsaved } from './unsaved.ts'

/** A validated query, as HTTP and the command line take it. */
export type CoverageQuery = QueryOf<typeof coverageQuery>

export interface FoundCoverage {
  readonly items: readonly SeriesCoverage[]
  /** True if there are more series than the limit. */
  readonly more: boolean
}

/** The result of a request to the provider for a window. */
export interface Settlement {
  readonly held: readonly Span[]
  /** Spans for which the provider has nothing, or refuses. */
  readonly empty: readonly Span[]
  /** Why `empty` is empty. */
  readonly reason: string
}

/** The part of coverage that only reads. */
export type CoverageReads = Pick<Coverage, 'list' | 'find' | 'numberGaps' | 'settled' | 'whileOpen' | 'platformRuns' | 'runs'>

const ready = new WeakSet<Pool>()
/** Series that are read at once: for a list of all, and for a page. */
const ALL_AT_ONCE = 2000
const PAGE = 200

/** SQL: trims a span of numbered records by a microsecond at either end, where missing ones may share the moment of the first or last. */
const EDGE = "case when numbers is null then interval '0' else interval '1 microsecond' end"

/**
 * The stored spans of each series, its gaps and their reasons, kept in the store. Safe from several processes, in any order: spans
 * are merged under a lock on their series. Every method throws QiError if the database fails.
 */
export class Coverage {
  readonly #pool: Pool
  readonly #calendars: readonly Calendar[]
  readonly #refreshes: boolean

  private constructor(pool: Pool, calendars: readonly Calendar[], refreshes: boolean) {
    this.#pool = pool
    this.#calendars = calendars
    this.#refreshes = refreshes
  }

  /** Creates the tables of coverage if they are missing; once for each pool. @throws QiError */
  static async open(pool: Pool, calendars: readonly Calendar[] = CALENDARS): Promise<Coverage> {
    if (!ready.has(pool)) await migrateCoverage(pool)
    ready.add(pool)
    return new Coverage(pool, calendars, true)
  }

  /**
   * Coverage of a database that is only read, such as a replica. The platform refreshes on the primary, once a minute. Between
   * refreshes each answer also finds the spans that are not saved yet, without saving them, as of the moment up to which the replica
   * has caught up. A series that is newer than the last refresh is not listed yet.
   */
  static forReading(pool: Pool, calendars: readonly Calendar[] = CALENDARS): CoverageReads {
    return new Coverage(pool, calendars, false)
  }

  /** Refreshes, then lists the stored spans and the gaps of each series, by coin. @throws QiError */
  async list(filter: CoverageFilter = {}, now?: Micros): Promise<readonly SeriesCoverage[]> {
    return (await this.#read(filter, now)).map(covered)
  }

  /** Refreshes, then lists the gaps by number of series whose source numbers records without gaps; others are left out. @throws QiError */
  async numberGaps(filter: CoverageFilter, now: Micros = nowMicros()): Promise<readonly NumberedSeries[]> {
    const numbered = (await this.#read(filter, now)).filter(({ proof }) => proof === 'sequence')
    return numbered.map((known) => ({ ...known.series, gaps: numberGaps(known) }))
  }

  /** Refreshes, and reads all series that the filter selects. */
  async #read(filter: CoverageFilter, now: Micros | undefined): Promise<Known[]> {
    const all: Known[] = []
    for await (const some of this.#pages(filter, now, ALL_AT_ONCE)) all.push(...some)
    return all
  }

  /** Refreshes and reads the series that the filter selects, by coin, some at a time: breaking off saves the rest. */
  async *#pages(filter: CoverageFilter, now: Micros | undefined, some: number): AsyncGenerator<readonly Known[]> {
    const calendars = (name: string | undefined) => this.#known(name)
    // Taken before the query: a running source has run at least until then.
    const started = nowMicros()
    const lagMs = this.#refreshes ? 0 : ((await classified(() => replicaState(this.#pool))).lagMs ?? 0)
    const then = started - Math.round(lagMs * 1000)
    const sources = await classified(() => readSources(this.#pool, lagMs))
    for await (const ids of seriesIds(this.#pool, filter, some)) {
      const spans = await withClient(this.#pool, (client) =>
        this.#refreshes ? refresh(client, filter, ids).then(() => undefined) : findUnsaved(client, filter, ids),
      )
      const known = await classified(() => readSeries(this.#pool, ids, sources, calendars, spans))
      yield known.map((series) => ({ ...series, now: this.#refreshes ? (now ?? started) : Math.min(now ?? then, then) }))
    }
  }

  /** The series that a query from outside selects, cut to its range. @throws QiError */
  async find(query: CoverageQuery, now?: Micros): Promise<FoundCoverage> {
    const { type, timeframe, from = Number.MIN_SAFE_INTEGER, to = Number.MAX_SAFE_INTEGER, gaps, limit, ...names } = query
    const filter = { ...names, ...(type && { types: [type] }), ...(timeframe && { timeframes: [timeframe] }) }
    const wanted = (spans: readonly Span[]) => spans.some((span) => span.from < to && span.to > from)
    const items: SeriesCoverage[] = []
    for await (const some of this.#pages(filter, now, PAGE)) {
      for (const known of some) {
        const series = covered(known)
        const part = {
          ...series,
          held: series.held.filter((span) => wanted([span])),
          gaps: series.gaps.filter((gap) => wanted([gap])),
        }
        if (gaps ? part.gaps.length > 0 : part.held.length + part.gaps.length > 0) items.push(part)
      }
      if (items.length > limit) break
    }
    return { items: items.slice(0, limit), more: items.length > limit }
  }

  /** Brings the stored spans of the series that the filter selects up to date. */
  refresh(filter: CoverageFilter = {}): Promise<void> {
    return withClient(this.#pool, (client) => refresh(client, filter))
  }

  /** The id of a series; registers a series that is new. */
  async idOf({ source, coinId, currency, type, timeframe }: CoveredSeries): Promise<string> {
    const key = [type, coinId, source, currency, timeframe ?? '']
    return classified(async () => {
      const { rows } = await this.#pool.query<{ id: string }>("select series_number($1, $2, $3, $4, $5, '', '')::text as id", key)
      const { id } = rows[0] as { id: string }
      await this.#pool.query('insert into coverage_series (id) values ($1) on conflict do nothing', [id])
      return id
    })
  }

  /** The spans of a series that need no request: stored, or known to be empty. Empty ranges of numbers do not count. */
  async settled(id: string): Promise<readonly Span[]> {
    const { rows } = await classified(() =>
      this.#pool.query<{ spans: string[][] | null }>(
        `select array_agg(array[${timeText(`lower(span) + ${EDGE}`)}, ${timeText(`upper(span) - ${EDGE}`)}]) as spans
         from coverage_spans where series_id = $1 and (state = 'held' or state = 'empty' and numbers is null)`,
        [id],
      ),
    )
    return union(spansOf(rows[0]?.spans ?? null).filter(({ from, to }) => from < to))
  }

  /** The parts of spans in which the market of a series is open. */
  async whileOpen(series: CoveredSeries, spans: readonly Span[]): Promise<readonly Span[]> {
    if (this.#calendars.every(({ always }) => always)) return spans
    return openHours(await this.#calendarOf(series), spans)
  }

  /** Notes that a window is about to be requested. Until it is settled, the order of its records proves nothing about gaps. */
  request(id: string, window: Span, numbers?: NumberRange): Promise<void> {
    return this.#change(id, async (client) => {
      await client.query(REQUEST, [id, rangeText(window), numbers ? numbersText(numbers) : null])
    })
  }

  /** Notes the result of a requested window once its records are stored. */
  settle(id: string, window: Span, { held, empty, reason }: Settlement): Promise<void> {
    return this.#change(id, async (client) => {
      await client.query(HOLD_SPANS, [id, 'held', null, held.map(rangeText)])
      await client.query(HOLD_SPANS, [id, 'empty', reason, empty.map(rangeText)])
      await client.query(SETTLE_REQUESTED, [id, rangeText(window)])
    })
  }

  /**
   * Notes that all records of these numbers that the provider has are stored; numbers without a record are then known to be empty.
   * @returns the empty numbers
   */
  settleNumbers(id: string, window: Span, numbers: NumberRange, reason: string): Promise<readonly NumberRange[]> {
    return withClient(this.#pool, async (client) => {
      await refreshOne(client, id)
      let missing: readonly NumberRange[] = []
      await changing(client, id, async () => {
        const range = numbersText(numbers)
        const { rows } = await client.query<{ first: string; last: string }>(EMPTY_NUMBERS, [
          id,
          range,
          rangeText(window),
          reason,
        ])
        await client.query(SETTLE_NUMBERS, [id, range])
        missing = rows.map(({ first, last }) => ({ first: Number(first), last: Number(last) }))
      })
      return missing
    })
  }

  /** Forgets the empty spans that overlap a span, so that they are requested again. */
  forget(id: string, { from, to }: Span): Promise<void> {
    return this.#change(id, async (client) => {
      await client.query("delete from coverage_spans where series_id = $1 and state = 'empty' and span && $2::tstzrange", [
        id,
        rangeText({ from, to }),
      ])
    })
  }

  /**
   * Starts the heartbeat of a source, or with an empty name of the platform.
   * @throws QiError CONFIG_INVALID for an unknown calendar
   */
  async begin(source: string, traits: SeriesTraits = {}, logger: Logger = silentLogger): Promise<CoverageSession> {
    if (source !== '') await this.#declare(source, traits, 'last word')
    return classified(() => beginSession(this.#pool, source, logger))
  }

  /** Stores the traits of a source's series unless some are stored already. @throws QiError CONFIG_INVALID for an unknown calendar */
  introduce(source: string, traits: SeriesTraits): Promise<void> {
    return this.#declare(source, traits, 'first word')
  }

  async #declare(source: string, traits: SeriesTraits, word: 'first word' | 'last word'): Promise<void> {
    if (traits.calendar !== undefined) calendarOf(traits.calendar, this.#calendars)
    await classified(() => declareSource(this.#pool, source, traits, word))
  }

  /** True if a platform runs on this store. */
  platformRuns(): Promise<boolean> {
    return classified(() => runs(this.#pool, ''))
  }

  /** True if a source has a live heartbeat from any process. */
  runs(source: string): Promise<boolean> {
    return classified(() => runs(this.#pool, source))
  }

  /** The calendar of a name; always open if only a newer version knows it. */
  #known(name: string | undefined): Calendar {
    return this.#calendars.find((calendar) => calendar.name === name) ?? ALWAYS
  }

  async #calendarOf({ source, coinId }: CoveredSeries): Promise<Calendar> {
    const { rows } = await classified(() =>
      this.#pool.query<{ calendar: string | null }>(
        `select coalesce((select ${instrumentCalendar('i')} from trading_pairs as i where source = $1 and coin_id = $2),
          (select ${instrumentCalendar('i')} from securities as i where source = $1 and coin_id = $2),
          (select calendar from coverage_sources where source = $1)) as calendar`,
        [source, coinId],
      ),
    )
    return this.#known(rows[0]?.calendar ?? undefined)
  }

  #change(id: string, work: (client: PoolClient) => Promise<void>): Promise<void> {
    return withClient(this.#pool, (client) => changing(client, id, () => work(client)))
  }
}

const changing = (client: PoolClient, id: string, work: () => Promise<void>): Promise<void> =>
  inTransaction(client, async () => {
    await client.query(LOCK_SERIES, [[id]])
    await work()
    await client.query('update coverage_series set seen = null where id = $1', [id])
  })

/** The coverage of a series. If heartbeats are its proof, everything but the known gaps is held. */
function covered(known: Known): SeriesCoverage {
  const { series, proof, first, last, held, islands } = known
  const gaps = gapsOf(known)
  const stored = first === undefined || last === undefined ? [] : [{ from: first, to: last + 1 }]
  return {
    ...series,
    ...(first !== undefined && { first }),
    ...(last !== undefined && { last }),
    held: proof === 'sessions' ? subtract([...stored, ...held], gaps) : union([...held, ...islands]),
    gaps,
  }
}

async function classified<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw classifyPgError(error, 'coverage')
  }
}
