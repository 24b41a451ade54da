import type { CoinGeckoConfig } from './config.ts'
import { chunkIds, cleanIds } from './ids.ts'
import { PLANS, type Plan } from './plans.ts'

/** The jobs, most important first. */
export const JOB_NAMES = ['prices', 'market', 'trending', 'instruments', 'ohlc'] as const
export type JobName = (typeof JOB_NAMES)[number]

/** Shortest interval unless one is configured, in seconds; CoinGecko caches its answers for about as long. */
const SHORTEST: Readonly<Record<JobName, number>> = { prices: 60, market: 300, trending: 900, instruments: 86_400, ohlc: 3600 }
/** Share of the calls for each job without a configured interval. */
const SHARE: Readonly<Record<JobName, number>> = { prices: 0.7, market: 0.08, trending: 0.03, instruments: 0.01, ohlc: 0.18 }
/** Share of a limit that is planned; the rest is for retries and for people. */
const PLANNED = 0.8
/** A job with a longer interval than this, in seconds, is left out. */
const LONGEST = 31 * 86_400
export const MINUTES_A_MONTH = 31 * 24 * 60

export interface CallPlan {
  readonly plan: Plan
  readonly callsPerMinute: number
  readonly callsPerMonth: number
  /** Planned calls a minute. */
  readonly perMinute: number
  /** Calls of one round, by job. */
  readonly calls: Readonly<Record<JobName, number>>
  /** Seconds between two rounds; 0: never. */
  readonly intervals: Readonly<Record<JobName, number>>
  /** Set if the plan exceeds the account's limits: the reason, with the arithmetic. */
  readonly problem?: string
}

/** Most coins on one page of coins/markets. */
export const PAGE = 250

/** The calls that a configuration needs, their intervals, and the problem if they do not fit the account. Pure. */
export function planCalls(config: CoinGeckoConfig): CallPlan {
  const plan = config.plan ?? (config.api_key ? 'demo' : 'keyless')
  const callsPerMinute = config.calls_per_minute ?? PLANS[plan].callsPerMinute
  const perMonth = config.calls_per_month ?? PLANS[plan].callsPerMonth
  const limit = Math.min(callsPerMinute, perMonth / MINUTES_A_MONTH)
  const currencies = config.currencies.length
  const coins = config.coins?.length ?? config.top
  const calls = {
    prices: config.coins ? chunkIds(cleanIds(config.coins, 'coins')).length : Math.ceil(config.top / PAGE) * currencies,
    market: 1,
    trending: 1,
    instruments: 1,
    ohlc: coins * currencies,
  }
  const given = JOB_NAMES.filter((name) => config.intervals[name] !== undefined)
  const free = limit * PLANNED - sum(given.map((name) => rate(calls[name], config.intervals[name] as number)))
  const open = JOB_NAMES.filter((name) => !given.includes(name))
  const shares = sum(open.map((name) => SHARE[name]))
  const fitted = (name: JobName): number => {
    const budget = (Math.max(free, 0) * SHARE[name]) / shares
    const interval = Math.ceil(Math.max(SHORTEST[name], (calls[name] / budget) * 60))
    return interval <= LONGEST ? interval : 0
  }
  const intervals = Object.fromEntries(JOB_NAMES.map((name) => [name, config.intervals[name] ?? fitted(name)])) as Record<
    JobName,
    number
  >
  const total = sum(JOB_NAMES.map((name) => rate(calls[name], intervals[name])))
  const account = { callsPerMinute, callsPerMonth: perMonth, perMinute: total }
  const crowdedOut = intervals.prices === 0 && !given.includes('prices')
  if (total <= limit && !crowdedOut) return { plan, ...account, calls, intervals }
  const counted = JOB_NAMES.filter((name) => rate(calls[name], intervals[name]) >= 0.005)
  const terms = counted.map((name) => `${name} ${calls[name]} every ${intervals[name]} s`)
  const allowed =
    callsPerMinute <= perMonth / MINUTES_A_MONTH
      ? `${callsPerMinute} a minute`
      : `${perMonth} a month, ${limit.toFixed(3)} a minute`
  const problem = `${terms.join(' + ')} = ${total.toFixed(2)} calls a minute, but the ${plan} plan allows ${allowed}${crowdedOut ? ', which leaves none for prices' : ''}; lengthen intervals, follow fewer coins, or set calls_per_minute and calls_per_month to those of your account`
  return { plan, ...account, calls, intervals, problem }
}

/** Calls a minute. */
const rate = (calls: number, interval: number): number => (interval > 0 ? (calls * 60) / interval : 0)
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)
