import { compareDecimals, countOf, type Decimal, parseTime, type Timeframe, timeframeMicros } from '../../../../base/index.ts'
import type { Snapshot } from '../report.ts'
import type { AlertRule } from './rules.ts'

/** Whether a rule holds of a coin now. */
export interface Judged {
  readonly rule: string
  readonly coin: string
  readonly source: string
  readonly currency: string
  readonly holds: boolean
  /** The time of what it was judged by. */
  readonly time: string
  readonly value: string
  readonly message: string
}

/** Every rule on every coin that it is about. Of one that cannot be judged, for lack of data, nothing is said. Pure. */
export const judge = (rules: readonly AlertRule[], coins: readonly Snapshot[], timeframe: Timeframe): readonly Judged[] =>
  coins.flatMap((seen) =>
    rules
      .filter(({ coin }) => coin === undefined || coin === seen.coin)
      .flatMap((rule) => {
        const found = verdict(rule, seen, timeframe)
        const { coin, source, currency } = seen
        return found ? [{ rule: rule.name, coin, source, currency, ...found }] : []
      }),
  )

type Verdict = Pick<Judged, 'holds' | 'time' | 'value' | 'message'>

function verdict(rule: AlertRule, seen: Snapshot, timeframe: Timeframe): Verdict | undefined {
  const { coin, currency, price, time, candle } = seen
  switch (rule.when) {
    case 'above':
    case 'below': {
      const order = compareDecimals(price as Decimal, rule.price)
      const message = `${coin} is at ${price} ${currency}, ${rule.when} ${rule.price}`
      return { holds: rule.when === 'above' ? order > 0 : order < 0, time, value: price, message }
    }
    case 'change': {
      const change = seen.changes.find(({ hours }) => hours === rule.hours)
      if (!change) return undefined
      const { pct, since } = change
      const size = { up: pct, down: -pct, either: Math.abs(pct) }[rule.direction]
      return {
        holds: size >= rule.pct,
        time: candle,
        value: String(pct),
        message: `${coin} moved by ${pct.toFixed(2)} % since ${since}, ${rule.pct} % or more within ${countOf(rule.hours, 'hour')}`,
      }
    }
    case 'anomaly': {
      const from = parseTime(candle) - (rule.candles - 1) * timeframeMicros(timeframe)
      const latest = seen.anomalies.filter((one) => parseTime(one.time) >= from).at(-1)
      return {
        holds: latest !== undefined,
        time: latest?.time ?? candle,
        value: String(latest?.log_return ?? 0),
        message: latest
          ? `${coin}: the return of the ${timeframe} candle of ${latest.time} stands out${latest.score === undefined ? '' : `, by ${latest.score.toFixed(1)} robust standard deviations`}`
          : `${coin}: no return stands out`,
      }
    }
  }
}
