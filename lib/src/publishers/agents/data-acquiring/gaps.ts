import { z } from 'zod'
import type { AgentParts } from '../../../base/agent/index.ts'
import { type CoverageFilter, countOf, MICROS_PER_SECOND, nowMicros, toQiError } from '../../../base/types/index.ts'
import type { WatchJob } from './jobs.ts'
import type { WatchTable } from './table/WatchTable.ts'

export const gapsReport = z.object({
  gaps: z.int().describe('found and not settled'),
  calls: z.int(),
  records: z.int(),
  empty: z.int().describe('spans without data at the provider'),
  failures: z.array(z.string()),
  gave_way: z.boolean().describe('true if it ended early because a promise was overdue'),
  text: z.string(),
})
export type GapsReport = z.output<typeof gapsReport>

type Gaps = Omit<GapsReport, 'text'>

/** The series of a watch list, as filters of coverage. */
export function filtersOf(source: string, jobs: readonly WatchJob[], only?: readonly string[]): readonly CoverageFilter[] {
  const wanted = only && new Set(only)
  const of = (coins: readonly string[]) => [...new Set(wanted ? coins.filter((coin) => wanted.has(coin)) : coins)]
  const ohlc = jobs.filter((job) => job.kind === 'ohlc')
  const prices = jobs.filter((job) => job.kind === 'prices')
  const candles = [...Map.groupBy(ohlc, ({ timeframe, currency }) => `${timeframe} ${currency}`).values()].map((group) => {
    const [{ timeframe, currency }] = group as [(typeof ohlc)[number]]
    const coins = of(group.map(({ coin }) => coin))
    return { sources: [source], coins, currencies: [currency], types: ['ohlcv'], timeframes: [timeframe] } as const
  })
  const ticks = [...Map.groupBy(prices, ({ currencies }) => currencies.join()).values()].map((group) => {
    const coins = of(group.flatMap((job) => job.coins))
    return { sources: [source], coins, currencies: group[0]?.currencies ?? [], types: ['price'] } as const
  })
  return [...candles, ...ticks].filter(({ coins }) => coins.length > 0)
}

/**
 * Fills the gaps of the watched series, one series after another. It shares the account's calls with the keeper, so it stops as soon as a
 * promise is overdue; the next run resumes there.
 */
export async function fillGaps(
  { platform, coverage }: Pick<AgentParts, 'platform' | 'coverage'>,
  table: WatchTable,
  filters: readonly CoverageFilter[],
  days: number,
  signal: AbortSignal,
): Promise<Gaps> {
  const to = nowMicros()
  const from = to - days * 86_400 * MICROS_PER_SECOND
  const found: Gaps = { gaps: 0, calls: 0, records: 0, empty: 0, failures: [], gave_way: false }
  for (const filter of filters) {
    const series = await coverage.list(filter)
    const open = series.flatMap(({ gaps }) => gaps.filter((gap) => !gap.settled && gap.to > from && gap.from < to))
    found.gaps += open.length
    if (open.length === 0 || found.gave_way) continue
    if (await isOverdue(table)) {
      found.gave_way = true
      continue
    }
    const yielding = new AbortController()
    const look = () =>
      void isOverdue(table).then(
        (overdue) => overdue && yielding.abort(),
        () => {},
      ) // the store is away: the next check decides
    try {
      const options = { signal: AbortSignal.any([signal, yielding.signal]), onProgress: look }
      const { calls, records, empty, failures } = await platform.backfill({ gaps: filter, from, to }, options)
      found.calls += calls
      found.records += records
      found.empty += empty.length
      found.failures.push(...failures.map(({ task, error }) => `${task.covered.coinId}: ${error.message}`))
    } catch (thrown) {
      if (signal.aborted) throw thrown
      if (yielding.signal.aborted) found.gave_way = true
      else found.failures.push(toQiError(thrown).message)
    }
  }
  return found
}

/** True if a promise is overdue. A job that fails by itself does not count. */
const isOverdue = async (table: WatchTable): Promise<boolean> =>
  (await table.states()).some(({ ageMs, job, failures, fetched }) => failures === 0 && fetched && ageMs > job.maxAgeMs)

export const gapsText = ({ gaps, records, calls, empty, failures, gave_way }: Gaps): string =>
  gaps === 0
    ? 'no gaps'
    : `${countOf(gaps, 'gap')}: ${countOf(records, 'record')} by ${countOf(calls, 'call')}, ${countOf(empty, 'span without data', 'spans without data')}, ${countOf(failures.length, 'failure')}${gave_way ? '; it stopped because promises are overdue, and resumes the next time' : ''}`
