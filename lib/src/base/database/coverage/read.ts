import type { CoverageFilter } from '../../types/index.ts'
import { type Calendar, type Micros, type NumberRange, parseTime, type SeriesProof, type Span, union } from '../../types/index.ts'
import type { Pool } from '../connections/pool.ts'
import { instrumentCalendar } from '../tables/instrumentCalendar.ts'
import { NEXT } from './discover.ts'
import type { Known, Numbered, SettledSpan } from './known.ts'
import { type KnownSource, outagesOf } from './sources.ts'
import { SILENCE_LIMIT } from './spanQueries.ts'
import { filterValues, type SeriesRow, seriesOf, timeText } from './sql.ts'
import { coveredTypes } from './types.ts'

const SERIES = `select s.id, s.source, s.coin_id, s.currency, s.type, s.timeframe,
  ${timeText('case when s.last is not null then s.first end')} as first, ${timeText('s.last')} as last,
  coalesce((select ${instrumentCalendar('i')} from trading_pairs as i where i.source = s.source and i.coin_id = s.coin_id),
    (select ${instrumentCalendar('i')} from securities as i where i.source = s.source and i.coin_id = s.coin_id)) as calendar,
  (extract(epoch from ${SILENCE_LIMIT}) * 1000000)::bigint::text as limit,
  (select array_agg(array[state, ${timeText('lower(span)')}, ${timeText('upper(span)')}, reason, ${timeText('noted_at')},
      lower(numbers)::text, (upper(numbers) - 1)::text] order by lower(span), lower(numbers))
    from coverage_spans as c where c.series_id = s.id) as spans
  from series as s where s.id = any ($1::bigint[]) order by s.coin_id, s.source, s.currency, s.type, s.timeframe`

interface Row extends SeriesRow {
  readonly first: string | null
  readonly last: string | null
  readonly limit: string
  /** The calendar of the pair or security. */
  readonly calendar: string | null
  readonly spans: (string | null)[][] | null
}

/** A saved span of a series. */
export type SavedSpan = Span & {
  readonly state: string
  readonly reason: string
  readonly askedAt: Micros
  readonly numbers?: NumberRange
}

/** The ids of the covered series that a filter selects, by coin, some at a time. */
export async function* seriesIds(pool: Pool, filter: CoverageFilter, some: number): AsyncGenerator<readonly string[]> {
  let after = ['', '', '', '', '']
  for (let last: SeriesRow | undefined; ; ) {
    const { rows } = await pool.query<SeriesRow>(NEXT, [...filterValues(filter), ...after, some])
    last = rows.at(-1)
    if (!last) return
    yield rows.map(({ id }) => id)
    if (rows.length < some) return
    after = [last.coin_id, last.source, last.currency, last.type, last.timeframe]
  }
}

const savedSpan = ([state, lower, upper, reason, notedAt, first, last]: readonly (string | null)[]): SavedSpan => ({
  state: state ?? '',
  from: parseTime(lower ?? ''),
  to: parseTime(upper ?? ''),
  reason: reason ?? '',
  askedAt: parseTime(notedAt ?? ''),
  ...(first != null && last != null && { numbers: { first: Number(first), last: Number(last) } }),
})

const proofs = new Map(coveredTypes.map(({ name, proof }) => [name, proof]))

/**
 * Everything that the store knows of some series, by coin.
 * @param unsaved held spans that no refresh has saved yet, by the id of their series
 */
export async function readSeries(
  pool: Pool,
  ids: readonly string[],
  sources: ReadonlyMap<string, KnownSource>,
  calendars: (name: string | undefined) => Calendar,
  unsaved: ReadonlyMap<string, readonly SavedSpan[]> = new Map(),
): Promise<Omit<Known, 'now'>[]> {
  const { rows } = await pool.query<Row>(SERIES, [[...ids]])
  return rows.map(({ first: earliest, last: latest, limit, spans, calendar, ...row }) => {
    const series = seriesOf(row)
    const source = sources.get(series.source)
    const first = earliest === null ? undefined : parseTime(earliest)
    const all = [...(spans ?? []).map(savedSpan), ...(unsaved.get(row.id) ?? [])]
    const of = (state: string) => all.filter((span) => span.state === state && !span.numbers)
    const numbered = (state: string) => all.filter((span): span is SavedSpan & Numbered => span.state === state && !!span.numbers)
    // Retention has dropped everything before the first record.
    const kept = <S extends Span>(some: readonly S[]): S[] =>
      first === undefined ? [] : some.flatMap((span) => (span.to <= first ? [] : [{ ...span, from: Math.max(span.from, first) }]))
    return {
      series,
      proof: proofOf(row, source),
      first,
      last: latest === null ? undefined : parseTime(latest),
      held: kept(union(of('held'))),
      islands: kept(joined(numbered('held'))),
      empty: of('empty').map(settled),
      emptyNumbers: numbered('empty').map((span) => ({ ...settled(span), numbers: span.numbers })),
      requested: union(of('requested')),
      requestedNumbers: numbered('requested'),
      limit: Number(limit),
      source,
      platform: sources.get(''),
      outages: source ? outagesOf(source, series) : [],
      calendar: calendars(calendar ?? source?.calendar),
    }
  })
}

/** Joins islands whose numbers touch or overlap. */
function joined<N extends Numbered>(islands: readonly N[]): N[] {
  const all: N[] = []
  for (const island of islands.toSorted((a, b) => a.numbers.first - b.numbers.first)) {
    const last = all.at(-1)
    if (!last || island.numbers.first > last.numbers.last + 1) {
      all.push(island)
      continue
    }
    const numbers = { first: last.numbers.first, last: Math.max(last.numbers.last, island.numbers.last) }
    all[all.length - 1] = { ...last, from: Math.min(last.from, island.from), to: Math.max(last.to, island.to), numbers }
  }
  return all
}

const settled = ({ from, to, reason, askedAt }: SavedSpan): SettledSpan => ({ from, to, reason, askedAt })

/** The proof of a series; without contiguous numbers, sequences prove nothing and heartbeats are the proof. */
function proofOf({ type }: SeriesRow, source: KnownSource | undefined): SeriesProof {
  const proof = proofs.get(type) ?? 'sessions'
  return proof === 'sequence' && !source?.contiguous.includes(type) ? 'sessions' : proof
}
