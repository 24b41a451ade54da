import type { Coverage } from '../../../base/database/index.ts'
import {
  type BackfillRequest,
  type BackfillTask,
  type CoverageFilter,
  type CoveredSeries,
  candleOpen,
  formatTime,
  type History,
  type HistorySeries,
  intersect,
  type Micros,
  nowMicros,
  QiError,
  type Span,
  toQiError,
} from '../../../base/types/index.ts'

export type Histories = (source: string) => Promise<History>

/**
 * The tasks of a request: for each series the spans to fetch.
 * @throws QiError BAD_REQUEST for a time in the future or an empty range; UNSUPPORTED for a source without history
 */
export async function tasksOf(request: BackfillRequest, coverage: Coverage, histories: Histories): Promise<BackfillTask[]> {
  const now = nowMicros()
  for (const [name, time] of [
    ['from', request.from],
    ['to', request.to],
  ] as const)
    if (time !== undefined && time > now)
      throw new QiError('BAD_REQUEST', `${name} ${formatTime(time)} lies in the future: history ends now`, { field: name })
  const range = { from: request.from ?? Number.MIN_SAFE_INTEGER, to: request.to ?? now }
  if (range.from >= range.to) throw new QiError('BAD_REQUEST', 'from is not before to', { field: 'from' })
  if ('gaps' in request) return gapTasks(request, range, coverage, histories)
  const { source, coins, timeframe, every } = request
  const history = await histories(source)
  const { type = timeframe ? 'ohlcv' : 'price' } = request
  await coverage.refresh({ sources: [source], coins, types: [type] })
  const tasks: BackfillTask[] = []
  for (const coinId of coins)
    for (const currency of request.currencies ?? (await defaultCurrencies(history, coinId))) {
      const covered = { source, coinId, currency, type, ...(timeframe && { timeframe }) } as const
      tasks.push(task(covered, [range], now, every && { every }))
    }
  return tasks
}

async function defaultCurrencies(history: History, coinId: string): Promise<readonly string[]> {
  const own = await history.currencyOf?.(coinId)
  return own === undefined ? history.currencies.slice(0, 1) : [own]
}

async function gapTasks(
  { gaps: filter, retry = false }: Extract<BackfillRequest, { gaps: unknown }>,
  range: Span,
  coverage: Coverage,
  histories: Histories,
): Promise<BackfillTask[]> {
  const now = nowMicros()
  const covered = await coverage.list(filter, now)
  const tasks: BackfillTask[] = []
  for (const { gaps, held: _, first: __, last: ___, ...series } of covered) {
    const wanted = gaps.filter(({ settled }) => retry || !settled)
    const spans = intersect(
      wanted.filter(({ numbers }) => !numbers),
      [range],
    )
    const numbered = wanted.flatMap(({ numbers, from, to }) =>
      numbers && from < range.to && to > range.from ? [{ from, to, ...numbers }] : [],
    )
    if (spans.length + numbered.length === 0 || !(await isAskedFor(series, filter, histories))) continue
    tasks.push({ ...task(series, spans, now), numbered })
  }
  return tasks
}

/** True if the series is to be fetched. One without history is left out, unless the caller named its source: then it becomes a failure. */
async function isAskedFor(
  { source, type }: CoveredSeries,
  { sources, types }: CoverageFilter,
  histories: Histories,
): Promise<boolean> {
  if (types) return true
  const history = await histories(source).catch((error: unknown) => {
    if (toQiError(error).code === 'UNSUPPORTED' || toQiError(error).code === 'NOT_FOUND') return undefined
    throw error
  })
  return history ? history.offers().some((offer) => offer.type === type) : sources !== undefined
}

function task(covered: CoveredSeries, spans: readonly Span[], now: Micros, more?: Pick<HistorySeries, 'every'>): BackfillTask {
  const { source, ...series } = covered
  // The bar that has not closed yet is not history.
  const end = covered.timeframe ? candleOpen(now, covered.timeframe) : now
  return {
    source,
    covered,
    series: { ...series, ...more },
    spans: intersect(spans, [{ from: Number.MIN_SAFE_INTEGER, to: end }]),
    numbered: [],
  }
}
