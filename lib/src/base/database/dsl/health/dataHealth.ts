import {
  barBefore,
  barSpan,
  type Calendar,
  EARLIEST,
  MANUAL,
  type Micros,
  nowMicros,
  openBars,
  openTime,
  QiError,
  type Timeframe,
  timeframeMicros,
} from '../../../types/index.ts'
import type { RowReader } from '../../reading/RowReader.ts'
import type { SeriesHealth } from '../analysisResults.ts'
import type { dataHealthQuery } from '../query/analysisQueries.ts'
import { toCursor } from '../query/cursor.ts'
import type { QueryOf } from '../query/query.ts'
import type { Page } from '../results.ts'
import { contradictedBars } from './contradicted.ts'
import { type Holes, holesOf, measure } from './measure.ts'
import { type KnownNumbers, type MissingNumbers, missingNumbers } from './missingNumbers.ts'
import { listSeries, type SeriesKind } from './series.ts'
import { LEAST, statusOf, UNUSUAL } from './status.ts'

const DAY: Micros = 86_400_000_000
/** Series examined at once; few, so that other reads get connections. */
const AT_ONCE = 4
const NO_HOLES: Holes = { count: 0, longest: [] }

/** A page of the stored series, with the freshness and completeness of each. @throws QiError BAD_REQUEST unless from is before to */
export async function dataHealth(
  reader: RowReader,
  query: QueryOf<typeof dataHealthQuery>,
  known: () => Promise<KnownNumbers>,
): Promise<Page<SeriesHealth>> {
  const to = query.to ?? nowMicros()
  const from = query.from ?? Math.max(to - DAY, EARLIEST)
  if (from >= to) throw new QiError('BAD_REQUEST', 'from: must be before to', { field: 'from' })
  const found = await listSeries(reader, query)
  const page = found.slice(0, query.limit)
  const missing = await missingNumbers(await known(), page, from, to)
  const items: SeriesHealth[] = []
  for (let i = 0; i < page.length; i += AT_ONCE)
    items.push(
      ...(await Promise.all(page.slice(i, i + AT_ONCE).map((series) => examine(reader, series, missing(series), from, to)))),
    )
  const last = page.at(-1)
  return found.length > page.length && last
    ? { items, next: toCursor([last.coinId, last.source, last.currency, last.kind]) }
    : { items }
}

async function examine(
  reader: RowReader,
  series: SeriesKind,
  missing: MissingNumbers | undefined,
  from: Micros,
  to: Micros,
): Promise<SeriesHealth> {
  const { kind } = series
  const calendar = await reader.calendarOf(series)
  const health = await (kind === 'prices' || kind === 'trades'
    ? examineEvents(reader, series, calendar, missing, from, to)
    : examineBars(reader, series, kind, calendar, from, to))
  return series.source === MANUAL ? unscheduled(health) : health
}

/** Manual series have no schedule, so they are never stale or gappy. */
function unscheduled({ reason: _, ...health }: SeriesHealth): SeriesHealth {
  return { ...health, status: 'ok' }
}

/** Bars should follow one another without a hole from the first stored one on, while their market is open. */
async function examineBars(
  reader: RowReader,
  series: SeriesKind,
  timeframe: Timeframe,
  calendar: Calendar,
  from: Micros,
  to: Micros,
): Promise<SeriesHealth> {
  const length = timeframeMicros(timeframe)
  const { interval: _, offGrid, ...measured } = await measure(reader, series, calendar, from, to)
  const begin = Math.max(barBefore(calendar, timeframe, from - 1) + length, measured.first)
  // Bars are counted up to the newest one; the age shows missing ones after it.
  const end = Math.min(to - 1, measured.last)
  const expected = end < begin ? 0 : barsWithin(calendar, timeframe, begin, barBefore(calendar, timeframe, end) + length)
  const missing = Math.max(0, expected - (measured.rows - offGrid))
  const contradicted = await contradictedBars(reader, series, timeframe, { from, to })
  const holes = missing > 0 ? await holesOf(reader, series, calendar, [from, to], length, length) : NO_HOLES
  const age = ageOf(calendar, barSpan(calendar, timeframe, measured.last).to, to)
  const { count: gaps, longest } = holes
  return {
    ...series,
    ...measured,
    ageSeconds: age / 1e6,
    expected,
    gaps,
    longest,
    contradicted,
    ...statusOf({ age, usual: length, gaps, missing, flawed: measured.flawed, future: measured.future }),
  }
}

const barsWithin = (calendar: Calendar, timeframe: Timeframe, from: Micros, to: Micros): number =>
  openBars(calendar, timeframe, [{ from, to }]).reduce((sum, span) => sum + span.to - span.from, 0) / timeframeMicros(timeframe)

/** The open time since; a closed market does not age. Negative for a bar that is still open. */
const ageOf = (calendar: Calendar, since: Micros, to: Micros): Micros => (since > to ? to - since : openTime(calendar, since, to))

/** Prices and trades have no fixed interval: a silence is a gap if it is ten times as long as the median. */
async function examineEvents(
  reader: RowReader,
  series: SeriesKind,
  calendar: Calendar,
  missing: MissingNumbers | undefined,
  from: Micros,
  to: Micros,
): Promise<SeriesHealth> {
  const {
    interval,
    open: _,
    filled: __,
    flawed: ___,
    offGrid: ____,
    ...measured
  } = await measure(reader, series, calendar, from, to)
  const usual = Math.max(LEAST, UNUSUAL * (interval ?? 0))
  const holes = interval === undefined ? NO_HOLES : await holesOf(reader, series, calendar, [from, to], usual, 0)
  const age = ageOf(calendar, measured.last, to)
  return {
    ...series,
    ...measured,
    ageSeconds: age / 1e6,
    ...(interval === undefined ? {} : { intervalSeconds: interval / 1e6 }),
    ...missing,
    gaps: holes.count,
    longest: holes.longest,
    ...statusOf({ age, usual, gaps: holes.count, missing: undefined, numbers: missing, flawed: 0, future: measured.future }),
  }
}
