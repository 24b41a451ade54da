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
import type { coverageQuery } from '../dsl/queries.ts'
import type { QueryOf } from '../dsl/query.ts'
import { classifyPgError } from '../errors.ts'
import { inTransaction, type Pool, type PoolClient, withClient } from '../pool.ts'
import { replicaState } from '../replica.ts'
import { gapsOf, type Known } from './gaps.ts'
import { migrateCoverage } from './migrations.ts'
import type { CoverageFilter, CoveredSeries, NumberedSeries, SeriesCoverage } from './model.ts'
import { numberGaps } from './numberGaps.ts'
import { readSeries, seriesIds } from './read.ts'
import { refresh, refreshOne } from './refresh.ts'
import { beginSession, type CoverageSession, runs } from './sessions.ts'
import { declareSource, readSources } from './sources.ts'
import { LOCK_SERIES, numbersText, rangeText, spansOf, timeText } from './sql.ts'
import { findUntold } from './untold.ts'
import { EMPTY_NUMBERS, HOLD_SPANS, REQUEST, SETTLE_NUMBERS, SETTLE_REQUESTED } from './write.ts'

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

/** The part of coverage that asks. */
export type CoverageReads = Pick<Coverage, 'list' | 'find' | 'numberGaps' | 'settled' | 'whileOpen' | 'platformRuns' | 'runs'>

const ready = new WeakSet<Pool>()
/** Series that are read at once: where all are wanted, and where a page is. */
const ALL_AT_ONCE = 2000
const PAGE = 200

/** Of consecutive numbers the first and the last may share their moment with others that are missing. */
const EDGE = "case when numbers is null then interval '0' else interval '1 microsecond' end"

/**
 * What is held of each series, what is missing and why, kept in the store. Safe from several processes, in any order: spans are
 * added up under a lock on their series.
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

  /** Makes its tables where they are not there; once for each pool. @throws QiError */
  static async open(pool: Pool, calendars: readonly Calendar[] = CALENDARS): Promise<Coverage> {
    if (!ready.has(pool)) await migrateCoverage(pool)
    ready.add(pool)
    return new Coverage(pool, calendars, true)
  }

  /**
   * For a database that is only read, such as a replica. The refresh stays with the platform, on the primary, once a minute; one
   * that a reader asked for would come to a replica after the answer. Instead each answer finds what the last refresh has not
   * kept yet in the tables at hand, without keeping it, as of the moment up to which these tables are. A series that has come since the last
   * refresh is not listed yet.
   */
  static forReading(pool: Pool, calendars: readonly Calendar[] = CALENDARS): CoverageReads {
    return new Coverage(pool, calendars, false)
  }

  /** Looks at what was stored since, and tells of each series what is held and what is missing, by coin. @throws QiError */
  async list(filter: CoverageFilter = {}, now?: Micros): Promise<readonly SeriesCoverage[]> {
    return (await this.#read(filter, now)).map(covered)
  }

  /** The gaps by number of the series whose records are numbered without a gap; other series are left out. @throws QiError */
  async numberGaps(filter: CoverageFilter, now: Micros = nowMicros()): Promise<readonly NumberedSeries[]> {
    const numbered = (await this.#read(filter, now)).filter(({ proof }) => proof === 'sequence')
    return numbered.map((known) => ({ ...known.series, gaps: numberGaps(known) }))
  }

  /** Looks at what was stored since. */
  async #read(filter: CoverageFilter, now: Micros | undefined): Promise<Known[]> {
    const all: Known[] = []
    for await (const some of this.#pages(filter, now, ALL_AT_ONCE)) all.push(...some)
    return all
  }

  /** The series that a filter lets through, by coin, some at a time: whoever needs no more looks at no more. */
  async *#pages(filter: CoverageFilter, now: Micros | undefined, some: number): AsyncGenerator<readonly Known[]> {
    const calendars = (name: string | undefined) => this.#known(name)
    // Before the database is asked: a source that runs has run until then.
    const started = nowMicros()
    const lagMs = this.#refreshes ? 0 : ((await classified(() => replicaState(this.#pool))).lagMs ?? 0)
    const then = started - Math.round(lagMs * 1000)
    const sources = await classified(() => readSources(this.#pool, lagMs))
    for await (const ids of seriesIds(this.#pool, filter, some)) {
      const spans = await withClient(this.#pool, (client) =>
        this.#refreshes ? refresh(client, filter, ids).then(() => undefined) : findUntold(client, filter, ids),
      )
      const known = await classified(() => readSeries(this.#pool, ids, sources, calendars, spans))
      yield known.map((series) => ({ ...series, now: this.#refreshes ? (now ?? started) : Math.min(now ?? then, then) }))
    }
  }

  /** A query from outside: the series that it names, between its times. */
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

  /** Looks at what was stored since; of the series that the filter lets through. */
  refresh(filter: CoverageFilter = {}): Promise<void> {
    return withClient(this.#pool, (client) => refresh(client, filter))
  }

  /** The id of a series, which need not hold anything yet. */
  async idOf({ source, coinId, currency, type, timeframe }: CoveredSeries): Promise<string> {
    const key = [type, coinId, source, currency, timeframe ?? '']
    return classified(async () => {
      const { rows } = await this.#pool.query<{ id: string }>("select series_number($1, $2, $3, $4, $5, '', '')::text as id", key)
      const { id } = rows[0] as { id: string }
      await this.#pool.query('insert into coverage_series (id) values ($1) on conflict do nothing', [id])
      return id
    })
  }

  /** Stretches of a series that need not be asked for: held, or not to be had. Missing numbers that are not to be had are none of them. */
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

  /** The stretches in which the market of a series is open. */
  async whileOpen(series: CoveredSeries, spans: readonly Span[]): Promise<readonly Span[]> {
    if (this.#calendars.every(({ always }) => always)) return spans
    return openHours(await this.#calendarOf(series), spans)
  }

  /** A window is about to be asked for: until it is settled its records come in no order that says anything. */
  request(id: string, window: Span, numbers?: NumberRange): Promise<void> {
    return this.#change(id, async (client) => {
      await client.query(REQUEST, [id, rangeText(window), numbers ? numbersText(numbers) : null])
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

  /**
   * All that the provider gives of these numbers is stored: what no record has is not to be had.
   * @returns the numbers that are not to be had
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

  /** What the provider had nothing of, within a stretch, may be asked for again. */
  forget(id: string, { from, to }: Span): Promise<void> {
    return this.#change(id, async (client) => {
      await client.query("delete from coverage_spans where series_id = $1 and state = 'empty' and span && $2::tstzrange", [
        id,
        rangeText({ from, to }),
      ])
    })
  }

  /**
   * Tells that a source runs from now on, or, under no name, a platform.
   * @throws QiError CONFIG_INVALID for a calendar that there is not
   */
  async begin(source: string, traits: SeriesTraits = {}, logger: Logger = silentLogger): Promise<CoverageSession> {
    if (source !== '') await this.#declare(source, traits, 'last word')
    return classified(() => beginSession(this.#pool, source, logger))
  }

  /** Keeps what a source says of its series where it has said nothing yet. @throws QiError CONFIG_INVALID for an unknown calendar */
  introduce(source: string, traits: SeriesTraits): Promise<void> {
    return this.#declare(source, traits, 'first word')
  }

  async #declare(source: string, traits: SeriesTraits, word: 'first word' | 'last word'): Promise<void> {
    if (traits.calendar !== undefined) calendarOf(traits.calendar, this.#calendars)
    await classified(() => declareSource(this.#pool, source, traits, word))
  }

  /** Whether a platform runs on this store and stores what is published. */
  platformRuns(): Promise<boolean> {
    return classified(() => runs(this.#pool, ''))
  }

  /** Whether some process has said lately that it runs the source. */
  runs(source: string): Promise<boolean> {
    return classified(() => runs(this.#pool, source))
  }

  /** A calendar that only a newer version knows is no reason to say nothing. */
  #known(name: string | undefined): Calendar {
    return this.#calendars.find((calendar) => calendar.name === name) ?? ALWAYS
  }

  async #calendarOf({ source, coinId }: CoveredSeries): Promise<Calendar> {
    const { rows } = await classified(() =>
      this.#pool.query<{ calendar: string | null }>(
        `select coalesce((select calendar from trading_pairs where source = $1 and coin_id = $2),
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

/** Held spans of a series that is proved by sessions: all but the known gaps. */
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
