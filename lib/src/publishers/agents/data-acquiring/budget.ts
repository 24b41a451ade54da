import { countOf, QiError } from '../../../base/types/index.ts'
import { type CoinGeckoConfig, MINUTES_A_MONTH, planCalls } from '../../sources/coingecko/index.ts'
import type { WatchEntry } from './config.ts'
import { durationText } from './duration.ts'
import { instrumentsOf, jobsOf, type WatchJob } from './jobs.ts'

/** Share of the account's calls that can be promised; the rest is for retries, backfill, and calls made a little early. */
export const PROMISED = 0.9
/** A job is due once this share of its age is over, so that a full plan still fits the account. */
export const READY_AT = PROMISED
/** Limits per minute are kept over a second more, because calls may be delayed on their way. */
const WINDOW_SECONDS = 61

export interface Budget {
  /** Calls a minute that the promises need. */
  readonly needed: number
  /** Calls a minute that can be promised. */
  readonly promised: number
  /** Least milliseconds between the starts of two calls, over all processes. Evenly spaced calls never wait for a whole window. */
  readonly spacingMs: number
  /** Set if the watch list exceeds the account: the reason, with the arithmetic. */
  readonly problem?: string
}

/**
 * The calls that a watch list needs, and the problem if the account does not allow them. Pure.
 * @param shared true if the source itself calls with the same account
 */
export function budgetOf(watch: readonly WatchEntry[], account: CoinGeckoConfig, shared: boolean): Budget {
  const { plan, callsPerMinute, callsPerMonth, perMinute } = planCalls(account)
  const jobs = jobsOf(watch)
  const monthly = callsPerMonth / MINUTES_A_MONTH
  const limit = Math.min(callsPerMinute, monthly)
  const own = shared ? perMinute : 0
  const needed = jobs.reduce((sum, job) => sum + 60_000 / job.maxAgeMs, 0)
  const promised = Math.max(0, limit * PROMISED - own)
  const spacingMs = (WINDOW_SECONDS * 1000) / callsPerMinute
  const paid = watch.findIndex(({ kind, timeframe }) => kind === 'ohlc' && (timeframe === '1h' || timeframe === '1d'))
  if (paid >= 0 && plan !== 'pro') {
    const problem = `entry ${paid + 1} asks for candles of ${watch[paid]?.timeframe}; the ${plan} plan gives 30m, 4h and 4d`
    return { needed, promised, spacingMs, problem }
  }
  if (needed <= promised * (1 + 1e-9)) return { needed, promised, spacingMs }
  const allows =
    callsPerMinute <= monthly
      ? `allows ${figure(callsPerMinute)}`
      : `allows ${callsPerMonth} a month, which are ${figure(monthly)} a minute`
  const left = `of which ${figure(promised)} can be promised (a tenth is left for retries${own > 0 ? `, and the source itself makes ${figure(own)}` : ''})`
  const remedy = `lengthen max_age, watch fewer, ${own > 0 ? 'lengthen the intervals of the source or leave it out of sources.run, ' : ''}or set the source's calls_per_minute and calls_per_month to those of your account`
  const problem = `${arithmetic(jobs)} = ${figure(needed)} calls/minute; the ${plan} plan ${allows}, ${left}: ${remedy}`
  return { needed, promised, spacingMs, problem }
}

/** @throws QiError CONFIG_INVALID naming the field, with the arithmetic */
export function requireBudget(budget: Budget): Budget {
  if (budget.problem === undefined) return budget
  throw new QiError('CONFIG_INVALID', `${FIELD}: ${budget.problem}`, { field: FIELD })
}

export const FIELD = 'agents.data-acquiring.watch'

/** Such as `450 of 500 instruments need a call each every 10m (45) + 50 of 500 …`. */
function arithmetic(jobs: readonly WatchJob[]): string {
  const count = (of: readonly WatchJob[]): number => of.reduce((sum, job) => sum + instrumentsOf(job), 0)
  const all = count(jobs)
  const groups = [...Map.groupBy(jobs, ({ kind, maxAgeMs }) => `${kind} ${maxAgeMs}`).values()]
  const terms = groups.map((group) => {
    const [{ kind, maxAgeMs }] = group as [WatchJob]
    const instruments = count(group)
    const calls = kind === 'ohlc' ? 'a call each' : countOf(group.length, 'call')
    const rate = figure((group.length * 60_000) / maxAgeMs)
    return `${instruments === all ? all : `${instruments} of ${all}`} instruments need ${calls} every ${durationText(maxAgeMs)}${groups.length > 1 ? ` (${rate})` : ''}`
  })
  return terms.join(' + ')
}

const figure = (value: number): string => String(Number(value.toFixed(value < 1 ? 3 : 2)))
