import {
  formatTime,
  type HistoryOffer,
  type HistorySeries,
  type HistoryWindow,
  type Micros,
  QiError,
  type Timeframe,
  timeframeMicros,
} from '../../../base/types/index.ts'
import type { OhlcDays } from './parse/ohlc.ts'
import { PLANS, type Plan } from './plans.ts'

const DAY = timeframeMicros('1d')
/** Distance kept from the limits of a plan, because time passes before the call. */
const MARGIN = 10 * timeframeMicros('1m')

const NAMES = { price: 'prices', ohlcv: 'candles' } as const

/** A granularity that CoinGecko offers, and the windows it takes. */
interface Rule extends HistoryOffer {
  readonly type: keyof typeof NAMES
  readonly timeframe: Timeframe
  /** Days of one call. */
  readonly days: number
  /** Most days before now, if fewer than the plan allows. */
  readonly back?: number
  /** Set if a call takes a number of last days; the others take a range. */
  readonly lastDays?: readonly OhlcDays[]
}

const PRICES: readonly Rule[] = [
  { type: 'price', timeframe: '5m', days: 1, back: 1, summary: 'of the last day' },
  { type: 'price', timeframe: '1h', days: 90, summary: '90 days a call' },
  { type: 'price', timeframe: '1d', days: 3650, summary: 'ten years a call' },
]
const CANDLES: readonly Rule[] = [
  { type: 'ohlcv', timeframe: '30m', days: 1, back: 1, lastDays: ['1'], summary: 'of the last day' },
  { type: 'ohlcv', timeframe: '4h', days: 30, back: 30, lastDays: ['7', '14', '30'], summary: 'of the last 30 days' },
  { type: 'ohlcv', timeframe: '4d', days: 365, back: 365, lastDays: ['90', '180', '365'], summary: 'of the last 365 days' },
]
const PAID_CANDLES: readonly Rule[] = [
  { type: 'ohlcv', timeframe: '1h', days: 31, summary: '31 days a call' },
  { type: 'ohlcv', timeframe: '1d', days: 180, summary: '180 days a call' },
]

const rulesOf = (plan: Plan): readonly Rule[] => [...PRICES, ...CANDLES, ...(plan === 'pro' ? PAID_CANDLES : [])]

export const offersOf = (plan: Plan): readonly HistoryOffer[] =>
  rulesOf(plan).map(({ type, timeframe, summary }) => ({ type, timeframe, summary }))

/**
 * The windows of a range by CoinGecko's granularity: five minutes within the last day, hours up to 90 days a call, days beyond. The part
 * that the plan does not give comes first, as refused. Pure.
 * @throws QiError UNSUPPORTED for a candle length that the plan does not give
 */
export function* windowsOf(
  plan: Plan,
  series: HistorySeries,
  from: Micros,
  to: Micros,
  now: Micros,
): Generator<HistoryWindow, void, undefined> {
  const limit = now - PLANS[plan].historyDays * DAY + MARGIN
  const refused = `CoinGecko's ${plan} plan gives the last ${PLANS[plan].historyDays} days only`
  if (series.type === 'price' && !series.every) {
    // The last day has five-minute prices, earlier days hourly ones.
    const recent = Math.max(from, now - DAY + MARGIN)
    yield* cells(ruleOf(plan, series.type, '1h'), from, Math.min(to, recent), limit, refused)
    yield* cells(ruleOf(plan, series.type, '5m'), recent, to, limit, refused)
    return
  }
  const rule = ruleOf(plan, series.type, series.type === 'price' ? series.every : series.timeframe)
  const reach = rule.back === undefined ? Number.NEGATIVE_INFINITY : now - rule.back * DAY + MARGIN
  const why = reach > limit ? `CoinGecko gives ${rule.timeframe} ${NAMES[rule.type]} ${rule.summary} only` : refused
  yield* cells(rule, from, to, Math.max(limit, reach), why)
}

function ruleOf(plan: Plan, type: HistorySeries['type'], timeframe: Timeframe | undefined): Rule {
  const known = rulesOf(plan).filter((rule) => rule.type === type)
  if (!known[0])
    throw new QiError('UNSUPPORTED', `CoinGecko has no history of ${type}; there is ${Object.values(NAMES).join(', ')}`)
  const found = known.find((rule) => rule.timeframe === timeframe)
  if (found) return found
  const there = known.map((rule) => `${rule.timeframe} (${rule.summary})`).join(', ')
  throw new QiError(
    'UNSUPPORTED',
    `CoinGecko's ${plan} plan has no history of ${timeframe ?? ''} ${NAMES[known[0].type]}; there is ${there}`,
  )
}

/** Windows cut at multiples of a call's size since 1970; a rule that looks back from now has one window. */
function* cells(rule: Rule, from: Micros, to: Micros, limit: Micros, refused: string): Generator<HistoryWindow> {
  const spacing = timeframeMicros(rule.timeframe)
  if (from < Math.min(to, limit))
    yield { from, to: Math.min(to, limit), spacing, refused: `${refused}, from ${formatTime(limit)}` }
  const size = rule.back === undefined ? rule.days * DAY : Number.POSITIVE_INFINITY
  for (let at = Math.max(from, limit); at < to; ) {
    const end = Number.isFinite(size) ? Math.min(to, Math.floor(at / size) * size + size) : to
    yield { from: at, to: end, spacing }
    at = end
  }
}

/** The smallest number of last days that reaches back to `from`, of those that give candles of this length. */
export function lastDaysTo(timeframe: Timeframe, from: Micros, now: Micros): OhlcDays | undefined {
  const days = CANDLES.find((rule) => rule.timeframe === timeframe)?.lastDays
  return days?.find((each) => now - Number(each) * DAY <= from) ?? days?.at(-1)
}

/** A range extended to 91 days, from which on CoinGecko gives daily prices. */
export function stretched(from: Micros, to: Micros, plan: Plan, now: Micros): { readonly from: Micros; readonly to: Micros } {
  const least = 91 * DAY
  if (to - from >= least) return { from, to }
  const start = Math.max(to - least, now - PLANS[plan].historyDays * DAY + MARGIN)
  return { from: Math.min(from, start), to: Math.max(to, start + least) }
}
