import { type Price, price, type Quote, quote } from '../../../../base/types/index.ts'
import { Collector, type Parsed, type Seen } from '../../shared/collect.ts'
import type { CcxtMarket, CcxtTicker } from '../library.ts'
import { figureOf, originalOf, timeOf } from './figures.ts'

type Row = readonly [CcxtMarket, CcxtTicker]

/** The last prices. A ticker without a time has that of its arrival; one without a last price gives none. */
export function parsePrices(rows: readonly Row[], seen: Seen): Parsed<Price> {
  const out = new Collector<Price>(price)
  for (const [{ symbol, quote: currency = '' }, ticker] of rows)
    if (isGiven(ticker.last))
      out.add(symbol, originalOf(ticker), () => ({
        ...seen,
        coinId: symbol,
        currency,
        time: momentOf(ticker, seen),
        price: figureOf(ticker.last, 'last'),
      }))
  return out.done()
}

/** The best bids and asks. A ticker without both, each with its size, gives none. */
export function parseQuotes(rows: readonly Row[], seen: Seen): Parsed<Quote> {
  const out = new Collector<Quote>(quote)
  for (const [{ symbol, quote: currency = '' }, ticker] of rows)
    if ([ticker.bid, ticker.bidVolume, ticker.ask, ticker.askVolume].every(isGiven))
      out.add(symbol, originalOf(ticker), () => ({
        ...seen,
        coinId: symbol,
        currency,
        time: momentOf(ticker, seen),
        sequence: 0,
        bid: figureOf(ticker.bid, 'bid'),
        bidSize: figureOf(ticker.bidVolume, 'bidVolume'),
        ask: figureOf(ticker.ask, 'ask'),
        askSize: figureOf(ticker.askVolume, 'askVolume'),
      }))
  return out.done()
}

const momentOf = ({ timestamp }: CcxtTicker, { receivedAt }: Seen) =>
  isGiven(timestamp) ? timeOf(timestamp, 'timestamp') : receivedAt

const isGiven = (value: unknown): boolean => value !== undefined && value !== null
