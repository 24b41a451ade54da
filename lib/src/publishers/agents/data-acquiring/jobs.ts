import { chunkIds } from '../../sources/coingecko/ids.ts'
import { PRIORITIES, type Priority, type WatchEntry } from './config.ts'
import { millisOf } from './duration.ts'
import type { WatchedTimeframe } from './windows.ts'

/** One repeated call: prices of many coins, or candles of one. */
export type WatchJob = {
  /** Identifies the job by its content. */
  readonly key: string
  readonly priority: Priority
  readonly maxAgeMs: number
} & (
  | { readonly kind: 'prices'; readonly coins: readonly string[]; readonly currencies: readonly string[] }
  | { readonly kind: 'ohlc'; readonly coin: string; readonly currency: string; readonly timeframe: WatchedTimeframe }
)

export const rankOf = (priority: Priority): number => PRIORITIES.indexOf(priority)

/** Number of instruments (coin and currency) that a job refreshes. */
export const instrumentsOf = (job: WatchJob): number => (job.kind === 'ohlc' ? 1 : job.coins.length * job.currencies.length)

/** The jobs of a watch list. An instrument named twice gets the shorter age and the higher priority. Pure. */
export function jobsOf(watch: readonly WatchEntry[]): readonly WatchJob[] {
  const jobs = new Map<string, WatchJob>()
  for (const job of watch.flatMap(jobsOfEntry)) {
    const known = jobs.get(job.key)
    jobs.set(job.key, known ? stricter(known, job) : job)
  }
  return [...jobs.values()]
}

export function jobsOfEntry({ coins, currencies, kind, timeframe, priority, max_age }: WatchEntry): readonly WatchJob[] {
  const promise = { priority, maxAgeMs: millisOf(max_age) }
  const ids = [...new Set(coins)]
  if (kind === 'prices')
    return chunkIds(ids).map((chunk) => {
      const key = `prices ${currencies.join(',')} ${chunk.join(',')}`
      return { key, kind, coins: chunk, currencies, ...promise }
    })
  return ids.flatMap((coin) =>
    [...new Set(currencies)].map((currency) => {
      const key = `ohlc ${timeframe} ${currency} ${coin}`
      return { key, kind, coin, currency, timeframe, ...promise }
    }),
  )
}

const stricter = (a: WatchJob, b: WatchJob): WatchJob => ({
  ...a,
  priority: rankOf(a.priority) < rankOf(b.priority) ? a.priority : b.priority,
  maxAgeMs: Math.min(a.maxAgeMs, b.maxAgeMs),
})
