import type { MarketReport } from './report.ts'

/** The report in few lines, for people. */
export function reportText({ at, fetched, coins, missing, market, alerts }: Omit<MarketReport, 'text'>): string {
  const asked = fetched.from
    ? [
        `${fetched.from} gave ${fetched.prices} prices and ${fetched.candles} candles${fetched.stored ? '' : ', not all stored yet'}`,
      ]
    : []
  return [
    `${coins.length} coins, as of ${at ?? 'never: nothing is stored'}${coins.some(({ simulated }) => simulated) ? ' (some are simulated)' : ''}`,
    ...asked,
    ...fetched.problems,
    ...coins.map(
      ({ coin, price, currency, signals, anomalies }) =>
        `${coin}: ${price} ${currency}; ${signals.up} indicators say up, ${signals.down} down${anomalies.length > 0 ? `; ${anomalies.length} anomalies` : ''}`,
    ),
    ...missing.map(({ coin, missing: why }) => `${coin}: ${why}`),
    ...(market.sentiment ? [`${market.sentiment.reading}: ${market.sentiment.score.toFixed(1)} of 100`] : []),
    ...alerts.raised.map(({ message }) => `alert: ${message}`),
    ...alerts.cleared.map(({ rule, coin }) => `cleared: ${rule} of ${coin}`),
    `${alerts.active.length} alerts are active`,
  ].join('\n')
}
