import { QiError, type SourceContext, TIMEFRAMES, type Timeframe } from '../../../../base/types/index.ts'
import type { PollJob } from '../../shared/PollingSource.ts'
import type { CcxtClient } from '../CcxtClient.ts'
import type { CcxtConfig } from '../config.ts'
import type { CcxtExchange } from '../library.ts'
import type { Warnings } from '../Warnings.ts'
import { candlesJob } from './candles.ts'
import { marketsJob } from './markets.ts'
import type { Polling } from './polling.ts'
import { tickersJob } from './tickers.ts'
import { tradesJob } from './trades.ts'

/** Timeframes that both ccxt's exchange and our records have. Empty if the exchange gives no candles. */
export const timeframesOf = ({ has, timeframes = {} }: CcxtExchange): readonly Timeframe[] =>
  has.fetchOHLCV === true ? TIMEFRAMES.filter((timeframe) => Object.hasOwn(timeframes, timeframe)) : []

/**
 * The jobs of a source, most important first. Kinds of records that the exchange does not give become warnings.
 * @throws QiError CONFIG_INVALID if nothing is left to fetch
 */
export function jobsOf(client: CcxtClient, settings: CcxtConfig, context: SourceContext, warnings: Warnings): readonly PollJob[] {
  const { name: source, logger, outage } = context
  const { exchange } = client
  const { id, has } = exchange
  const polling: Polling = { client, settings, source, warnings, logger, outage }
  const missing = (setting: string, what: string) =>
    warnings.add(`${what} of ${id}`, `${id} gives no ${what}: change sources.${source}.${setting}`)

  const there = timeframesOf(exchange)
  const timeframes = settings.candles.filter((timeframe) => there.includes(timeframe))
  for (const timeframe of settings.candles)
    if (!there.includes(timeframe))
      missing('candles', `${timeframe} candles${there.length > 0 ? ` (but ${there.join(', ')})` : ''}`)
  const trades = settings.trades && has.fetchTrades === true
  if (settings.trades && !trades) missing('trades', 'trades')
  const tickers = settings.tickers && (has.fetchTickers === true || has.fetchTicker === true)
  if (settings.tickers && !tickers) missing('tickers', 'tickers')

  if (timeframes.length === 0 && !trades && !tickers) {
    const reasons = warnings.current.map(({ message }) => message)
    throw new QiError(
      'CONFIG_INVALID',
      `source ${source} has nothing to fetch: ${reasons.join('; ') || 'set candles, trades or tickers'}`,
      { field: `sources.${source}` },
    )
  }
  return [
    marketsJob(polling),
    ...(trades ? [tradesJob(polling)] : []),
    ...(timeframes.length > 0 ? [candlesJob(polling, timeframes)] : []),
    ...(tickers ? [tickersJob(polling)] : []),
  ]
}
