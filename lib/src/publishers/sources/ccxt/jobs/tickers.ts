import { type Quote, quote } from '../../../../base/types/index.ts'
import type { Parsed } from '../../shared/collect.ts'
import type { PollJob } from '../../shared/PollingSource.ts'
import type { CcxtMarket, CcxtTicker } from '../library.ts'
import { parsePrices, parseQuotes } from '../parse/tickers.ts'
import { followed, liveFrom, type Polling } from './polling.ts'

/** Fetches the tickers of all symbols: in one call where the exchange can. Prices come first, then the quotes of the same answer. */
export function tickersJob(polling: Polling): PollJob {
  const { client, settings } = polling
  const together = client.exchange.has.fetchTickers === true

  const fetch = async (markets: readonly CcxtMarket[], signal: AbortSignal) => {
    const symbols = markets.map(({ symbol }) => symbol)
    const { value, receivedAt } = await client.call(
      'tickers',
      async (exchange): Promise<Readonly<Record<string, CcxtTicker>>> =>
        together && symbols.length > 1
          ? await exchange.fetchTickers(symbols)
          : Object.fromEntries(await Promise.all(symbols.map(async (symbol) => [symbol, await exchange.fetchTicker(symbol)]))),
      { signal },
    )
    const rows = markets.flatMap((market) => {
      const ticker = Object.hasOwn(value, market.symbol) ? value[market.symbol] : undefined
      return ticker ? [[market, ticker] as const] : []
    })
    return { rows, seen: liveFrom(polling, receivedAt) }
  }

  return {
    name: 'tickers',
    intervalMs: () => settings.every_s.tickers * 1000,
    round: () => {
      const markets = followed(polling)
      const groups = together ? [markets] : markets.map((market) => [market])
      return groups
        .filter((group) => group.length > 0)
        .flatMap((group) => {
          let quotes: Parsed<Quote> = { type: quote, records: [], rejected: [] }
          return [
            async (signal) => {
              const { rows, seen } = await fetch(group, signal)
              quotes = parseQuotes(rows, seen)
              return parsePrices(rows, seen)
            },
            async () => quotes,
          ]
        })
    },
  }
}
