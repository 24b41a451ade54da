import { chunkIds } from '../../sources/coingecko/ids.ts'
import { PRIORITIES, type Priority, type WatchEntry } from './config.ts'
import { millisOf } from './duration.ts'
import type { WatchedTimeframe } from './windows.ts'

/** One call that is made again and again: prices of many coins, or candles of one. */
export type WatchJob = {
  /** Says what is asked, and so tells jobs apart. */
  readonly key: string
  readonly priority: Priority
  readonly maxAgeMs: number
} & (
  | { readonly kind: 'prices'; readonly coins: readonly string[]; readonly currencies: readonly string[] }
  | { readonly kind: 'ohlc'; readonly coin: string; readonly currency: string; readonly timeframe: WatchedTimeframe }
)

export const rankOf = (priority: Priority): number => PRIORITIES.indexOf(priority)

/** Coins and currencies whose figures a job keeps. */
export const instrumentsOf = (job: WatchJob): number => (job.kind === 'ohlc' ? 1 : job.coins.length * job.currencies.length)

/** The calls that a watch list needs. What is named twice is kept as fresh, and as urgent, as the stricter says. Pure. */
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
