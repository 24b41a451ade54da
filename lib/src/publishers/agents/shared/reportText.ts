import { countOf, MANUAL } from '../../../base/types/index.ts'
import type { MarketReport, Snapshot } from './report.ts'

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
    ...coins.flatMap((one) => [coinText(one), ...one.sources.flatMap(sourceText)]),
    ...missing.map(({ coin, missing: why }) => `${coin}: ${why}`),
    ...(market.sentiment ? [`${market.sentiment.reading}: ${market.sentiment.score.toFixed(1)} of 100`] : []),
    ...alerts.raised.map(({ message }) => `alert: ${message}`),
    ...alerts.cleared.map(({ rule, coin }) => `cleared: ${rule} of ${coin}`),
    countOf(alerts.active.length, 'alert is active', 'alerts are active'),
  ].join('\n')
}

const coinText = ({ coin, source, price, currency, signals, anomalies }: Snapshot): string =>
  `${coin}: ${price} ${currency}${source === MANUAL ? ' (manual)' : ''}; ${countOf(signals.up, 'indicator says up', 'indicators say up')}, ${signals.down} down${anomalies.length > 0 ? `; ${countOf(anomalies.length, 'anomaly', 'anomalies')}` : ''}`

/** A source that differs from the one that is examined, and is fresh. */
const sourceText = ({ other, difference_bps: bps }: Snapshot['sources'][number]): string[] =>
  bps === undefined
    ? []
    : [`  ${other.coin_id} at ${other.source}: ${Math.abs(bps).toFixed(1)} bps ${bps < 0 ? 'below' : 'above'}`]
