import { countOf, MANUAL } from '../../../base/types/index.ts'
import type { MarketReport } from './report.ts'

/** The report as a few lines for people. */
export function reportText({ at, fetched, coins, missing, market, alerts }: Omit<MarketReport, 'text'>): string {
  const asked = fetched.from
    ? [
        `${fetched.from} gave ${countOf(fetched.prices, 'price')} and ${countOf(fetched.candles, 'candle')}${fetched.stored ? '' : ', not all stored yet'}`,
      ]
    : []
  return [
    `${countOf(coins.length, 'coin')}, as of ${at ?? 'never: nothing is stored'}${coins.some(({ simulated }) => simulated) ? ' (some are simulated)' : ''}`,
    ...asked,
    ...fetched.problems,
    ...coins.map(
      ({ coin, source, price, currency, signals, anomalies }) =>
        `${coin}: ${price} ${currency}${source === MANUAL ? ' (manual)' : ''}; ${countOf(signals.up, 'indicator says up', 'indicators say up')}, ${signals.down} down${anomalies.length > 0 ? `; ${countOf(anomalies.length, 'anomaly', 'anomalies')}` : ''}`,
    ),
    ...missing.map(({ coin, missing: why }) => `${coin}: ${why}`),
    ...(market.sentiment ? [`${market.sentiment.reading}: ${market.sentiment.score.toFixed(1)} of 100`] : []),
    ...alerts.raised.map(({ message }) => `alert: ${message}`),
    ...alerts.cleared.map(({ rule, coin }) => `cleared: ${rule} of ${coin}`),
    countOf(alerts.active.length, 'alert is active', 'alerts are active'),
  ].join('\n')
}
