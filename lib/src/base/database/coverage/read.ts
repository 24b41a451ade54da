import { type Micros, parseTime } from '../../types/index.ts'
import { notFuture } from '../future.ts'
import type { Pool } from '../pool.ts'
import type { Known } from './gaps.ts'
import { PRICE_LIMIT } from './refresh.ts'
import { type Span, union } from './spans.ts'
import { type SeriesRow, seriesOf, timeText } from './sql.ts'

type StoredSeries = Omit<Known, 'source' | 'platform' | 'now'>

const edge = (order: '' | 'desc'): string => `case s.type
  when 'price' then (select time from crypto_prices as p where p.coin_id = s.coin_id and p.source = s.source
    and p.currency = s.currency and ${notFuture('time')} order by time ${order} limit 1)
  else (select time from ohlcv_data as p where p.coin_id = s.coin_id and p.source = s.source and p.currency = s.currency
    and p.timeframe = s.timeframe and ${notFuture('time')} order by time ${order} limit 1) end`

/** What the store knows of series, those with the same coin beside one another. */
export async function readSeries(pool: Pool, ids: readonly string[]): Promise<StoredSeries[]> {
  const { rows } = await pool.query<
    SeriesRow & { first: string | null; last: string | null; limit: string; spans: (string | null)[][] | null }
  >(
    `select s.id, s.source, s.coin_id, s.currency, s.type, s.timeframe,
      ${timeText(edge(''))} as first, ${timeText(edge('desc'))} as last,
      (extract(epoch from ${PRICE_LIMIT}) * 1000000)::bigint::text as limit,
      (select array_agg(array[state, ${timeText('lower(span)')}, ${timeText('upper(span)')}, reason, ${timeText('noted_at')}] order by lower(span))
        from coverage_spans as c where c.series_id = s.id) as spans
     from coverage_series as s where s.id = any ($1::bigint[]) order by s.coin_id, s.source, s.currency, s.type, s.timeframe`,
    [[...ids]],
  )
  return rows.map(({ first, last, limit, spans, ...row }) => {
    const from: Micros | undefined = first === null ? undefined : parseTime(first)
    const all = (spans ?? []).map(([state, lower, upper, reason, notedAt]) => ({
      state,
      from: parseTime(lower ?? ''),
      to: parseTime(upper ?? ''),
      reason: reason ?? '',
      askedAt: parseTime(notedAt ?? ''),
    }))
    const of = (state: string) => all.filter((span) => span.state === state)
    return {
      series: seriesOf(row),
      first: from,
      last: last === null ? undefined : parseTime(last),
      // Of what retention has dropped nothing is held any more.
      held: from === undefined ? [] : after(from, union(of('held'))),
      empty: of('empty'),
      requested: union(of('requested')),
      limit: Number(limit),
    }
  })
}

const after = (from: Micros, spans: readonly Span[]): Span[] =>
  spans.flatMap((span) => (span.to <= from ? [] : [{ from: Math.max(span.from, from), to: span.to }]))
