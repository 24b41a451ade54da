import { ACTION_CREDITS, PLANS, type Plan } from './plans.ts'

/** The jobs, most important first. */
export const JOB_NAMES = ['quotes', 'candles', 'instruments', 'actions'] as const
export type JobName = (typeof JOB_NAMES)[number]

/** Shortest interval unless one is configured, in seconds: quotes and candles change by the minute. */
const SHORTEST: Readonly<Record<JobName, number>> = { quotes: 60, candles: 300, instruments: 86_400, actions: 86_400 }
/** Share of the credits for each job without a configured interval. */
const SHARE: Readonly<Record<JobName, number>> = { quotes: 0.5, candles: 0.45, instruments: 0.05, actions: 0.1 }
/** Share of the credits that is planned; the rest is for backfill, retries and people. */
const PLANNED = 0.7
const MINUTES_A_DAY = 1440

export interface CreditPlan {
  readonly perMinute: number
  readonly perDay: number | undefined
  /** Seconds between two rounds; 0: never. */
  readonly intervals: Readonly<Record<JobName, number>>
  /** Set if the plan exceeds the account's credits: the reason, with the arithmetic. */
  readonly problem?: string
}

/** The settings that decide how many credits are used. */
export interface CreditSettings {
  readonly plan: Plan
  readonly symbols: readonly string[]
  readonly timeframes: readonly string[]
  readonly intervals: { readonly [name in JobName]?: number | undefined }
  readonly credits_per_minute?: number | undefined
  readonly credits_per_day?: number | undefined
}

/** The credits that a configuration needs, its intervals, and the problem if they do not fit the account. Pure. */
export function planCredits({ plan, symbols, timeframes, intervals, ...account }: CreditSettings): CreditPlan {
  const perMinute = account.credits_per_minute ?? PLANS[plan].perMinute
  const perDay = account.credits_per_day ?? PLANS[plan].perDay
  const limit = Math.min(perMinute, (perDay ?? Number.POSITIVE_INFINITY) / MINUTES_A_DAY)
  const each = symbols.length
  const securities = symbols.filter(hasActions).length
  // In credits: a round of a job is one call for each symbol, but two of corporate actions.
  const calls = {
    quotes: each,
    candles: each * timeframes.length,
    instruments: each,
    actions: PLANS[plan].actions || intervals.actions !== undefined ? 2 * ACTION_CREDITS * securities : 0,
  }
  const used = JOB_NAMES.filter((name) => calls[name] > 0)
  const given = used.filter((name) => intervals[name] !== undefined)
  const open = used.filter((name) => !given.includes(name))
  const free = Math.max(0, limit * PLANNED - sum(given.map((name) => rate(calls[name], intervals[name] ?? 0))))
  const shares = sum(open.map((name) => SHARE[name]))
  const fitted = (name: JobName): number =>
    Math.ceil(Math.max(SHORTEST[name], ((calls[name] * shares) / (free * SHARE[name])) * 60))
  const chosen = (name: JobName): number => {
    if (calls[name] === 0) return 0
    const interval = intervals[name] ?? fitted(name)
    return Number.isFinite(interval) && interval <= 31 * 86_400 ? interval : 0
  }
  const planned = {
    quotes: chosen('quotes'),
    candles: chosen('candles'),
    instruments: chosen('instruments'),
    actions: chosen('actions'),
  }
  const total = sum(used.map((name) => rate(calls[name], planned[name])))
  if (total <= limit) return { perMinute, perDay, intervals: planned }
  const terms = used.filter((name) => planned[name] > 0).map((name) => `${name} ${calls[name]} every ${planned[name]} s`)
  const allowed = perDay === undefined ? `${perMinute} a minute` : `${perMinute} a minute and ${perDay} a day`
  const problem = `${terms.join(' + ')} = ${Math.ceil(total * MINUTES_A_DAY)} credits a day, but the account has ${allowed}; lengthen intervals, follow fewer symbols or timeframes, or set credits_per_minute and credits_per_day to those of your account`
  return { perMinute, perDay, intervals: planned, problem }
}

/** Pairs have no splits and no dividends. */
export const hasActions = (symbol: string): boolean => !symbol.includes('/')

/** Credits a minute. */
const rate = (calls: number, interval: number): number => (interval > 0 ? (calls * 60) / interval : 0)
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)
