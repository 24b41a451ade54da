import { formatTime, type Span, trade } from '../../../../base/types/index.ts'
import type { PollCall, PollJob } from '../../shared/PollingSource.ts'
import type { CcxtMarket, CcxtTrade } from '../library.ts'
import { parseTrades } from '../parse/trades.ts'
import { TradeTail } from '../TradeTail.ts'
import { followed, liveFrom, type Polling, RefusedOnce, unlessUnknown } from './polling.ts'

interface Followed {
  readonly tail: TradeTail
  readonly refused: RefusedOnce
}

/** Fetches the latest trades of each symbol. Trades that were missed between two polls are fetched, or reported as an outage. */
export function tradesJob(polling: Polling): PollJob {
  const { client, settings, warnings } = polling
  const { id } = client.exchange
  const bySymbol = new Map<string, Followed>()

  const warnAbout = ({ symbol }: CcxtMarket, nameless: boolean) => {
    const subject = `ids of the trades of ${symbol}`
    if (!nameless) warnings.remove(subject)
    else
      warnings.add(
        subject,
        `${id} gives its trades no id, so that two alike could not be told apart: none of ${symbol} is taken; set trades to false`,
      )
  }

  const poll =
    (market: CcxtMarket): PollCall =>
    (signal) => {
      const { symbol } = market
      const one = bySymbol.get(symbol) ?? { tail: new TradeTail(), refused: new RefusedOnce() }
      bySymbol.set(symbol, one)
      const empty = { type: trade, records: [], rejected: [] }
      return unlessUnknown(polling, `trades of ${symbol}`, empty, async () => {
        const { trades, hole } = await one.tail.poll(async (since) => {
          const { value, receivedAt } = await client.call(
            'trades',
            (exchange) => exchange.fetchTrades(symbol, since === undefined ? undefined : since / 1000, settings.trades_per_call),
            { signal },
          )
          warnAbout(market, areNameless(value))
          return areNameless(value) ? empty : parseTrades(value, market, liveFrom(polling, receivedAt))
        })
        if (hole) await reportHole(polling, market, hole)
        return one.refused.sift(trades)
      })
    }

  return {
    name: 'trades',
    intervalMs: () => settings.every_s.trades * 1000,
    round: () => followed(polling).map(poll),
  }
}

/** True if there are trades and none has an id: not worth a dead letter each. */
const areNameless = (trades: readonly CcxtTrade[]): boolean =>
  trades.length > 0 && trades.every(({ id }) => id === undefined || id === null)

async function reportHole({ client, settings, logger, outage }: Polling, { symbol, quote = '' }: CcxtMarket, hole: Span) {
  const { id } = client.exchange
  const reason = `${id} shows only its latest trades, and had more than that between two polls (every_s.trades is ${settings.every_s.trades})`
  logger.warn({ symbol, from: formatTime(hole.from), to: formatTime(hole.to) }, `trades of ${symbol} were missed: ${reason}`)
  await outage?.([{ type: 'trade', coinId: symbol, currency: quote }], reason, hole)[Symbol.asyncDispose]()
}
