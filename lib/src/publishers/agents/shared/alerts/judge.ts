import type { RuleResult } from '../../../../base/alerts/index.ts'
import {
  compareDecimals,
  countOf,
  type Decimal,
  decimal,
  parseTime,
  type Timeframe,
  timeframeMicros,
} from '../../../../base/types/index.ts'
import type { Snapshot } from '../report.ts'
import type { AlertRule } from './rules.ts'

/** The verdict of every rule on every coin it covers; none where data is missing. Pure. */
export const judge = (rules: readonly AlertRule[], coins: readonly Snapshot[], timeframe: Timeframe): readonly RuleResult[] =>
  coins.flatMap((seen) =>
    rules
      .filter(({ coin }) => coin === undefined || coin === seen.coin)
      .flatMap((rule) => {
        const found = verdict(rule, seen, timeframe)
        const { coin: coinId, source, currency, simulated } = seen
        const { name, severity } = rule
        const origin = simulated ? 'simulated' : 'live'
        return found ? [{ name, severity, coinId, source, currency, origin, ...found }] : []
      }),
  )

type Verdict = Pick<RuleResult, 'holds' | 'asOf' | 'value' | 'message'>

function verdict(rule: AlertRule, seen: Snapshot, timeframe: Timeframe): Verdict | undefined {
  const { coin, currency, price, time, candle } = seen
  switch (rule.when) {
    case 'above':
    case 'below': {
      const order = compareDecimals(price as Decimal, rule.price)
      const message = `${coin} is at ${price} ${currency}, ${rule.when} ${rule.price}`
      return { holds: rule.when === 'above' ? order > 0 : order < 0, asOf: parseTime(time), value: price as Decimal, message }
    }
    case 'change': {
      const change = seen.changes.find(({ hours }) => hours === rule.hours)
      if (!change) return undefined
      const { pct, since } = change
      const size = { up: pct, down: -pct, either: Math.abs(pct) }[rule.direction]
      return {
        holds: size >= rule.pct,
        asOf: parseTime(candle),
        value: decimal(String(pct)),
        message: `${coin} moved by ${pct.toFixed(2)} % since ${since}, ${rule.pct} % or more within ${countOf(rule.hours, 'hour')}`,
      }
    }
    case 'anomaly': {
      const from = parseTime(candle) - (rule.candles - 1) * timeframeMicros(timeframe)
      const latest = seen.anomalies.filter((one) => parseTime(one.time) >= from).at(-1)
      return {
        holds: latest !== undefined,
        asOf: parseTime(latest?.time ?? candle),
        value: decimal(String(latest?.log_return ?? 0)),
        message: latest
          ? `${coin}: the return of the ${timeframe} candle of ${latest.time} stands out${latest.score === undefined ? '' : `, by ${latest.score.toFixed(1)} robust standard deviations`}`
          : `${coin}: no return stands out`,
      }
    }
  }
}
