import type { ExactJson, Micros, Ohlcv, Timeframe, Trade } from '../../../../base/types/index.ts'
import { figure, type Listed, millis, type Page, pastBar, recordsOf } from '../../../venue/index.ts'
import { arrayOf, type JsonObject, objectOf, textOf } from '../../shared/json.ts'
import type { Market } from '../config.ts'
import { type TradeEvent, tradeOf } from './trade.ts'

const resultOf = (body: ExactJson): JsonObject => objectOf(objectOf(body, 'the answer').result, 'the result')
const listOf = (body: ExactJson, what: string): readonly ExactJson[] => arrayOf(resultOf(body).list, what)

/** The place of the next page; undefined behind the last. */
export function cursorIn(body: ExactJson): string | undefined {
  const { nextPageCursor } = resultOf(body)
  return typeof nextPageCursor === 'string' && nextPageCursor !== '' ? nextPageCursor : undefined
}

/** The instruments of a page of `instruments-info`: pairs of spot, linear perpetuals. */
export const listedIn = (body: ExactJson, market: Market, volumes: ReadonlyMap<string, number>): Listed[] =>
  listOf(body, 'the instruments').flatMap((part) => {
    const entry = objectOf(part, 'an instrument')
    // Dated futures have another name each quarter; perpetuals alone go on.
    if (market === 'linear' && entry.contractType !== 'LinearPerpetual') return []
    const symbol = textOf(entry.symbol, 'symbol')
    const base = textOf(entry.baseCoin, 'baseCoin')
    const quote = textOf(entry.quoteCoin, 'quoteCoin')
    const { tickSize } = objectOf(entry.priceFilter ?? {}, 'priceFilter')
    const { basePrecision, qtyStep } = objectOf(entry.lotSizeFilter ?? {}, 'lotSizeFilter')
    const lotSize = market === 'spot' ? basePrecision : qtyStep
    return [
      {
        symbol,
        coinId: market === 'spot' ? `${base}/${quote}` : `${base}/${quote}:${textOf(entry.settleCoin, 'settleCoin')}`,
        base,
        quote,
        active: entry.status === 'Trading',
        ...(isGiven(tickSize) && { tickSize: figure(tickSize) }),
        ...(isGiven(lotSize) && { lotSize: figure(lotSize) }),
        ...(volumes.has(symbol) && { quoteVolume: volumes.get(symbol) }),
      },
    ]
  })

const isGiven = (value: ExactJson | undefined): value is string => typeof value === 'string' && value !== ''

/** Volumes of a day in the quote currency, by symbol. */
export const volumesIn = (body: ExactJson): ReadonlyMap<string, number> =>
  new Map(
    listOf(body, 'the tickers').map((part) => {
      const { symbol, turnover24h } = objectOf(part, 'a ticker')
      return [textOf(symbol, 'symbol'), Number(textOf(turnover24h, 'turnover24h'))]
    }),
  )

/** Trades of `recent-trade`, oldest first. */
export const tradesIn = (body: ExactJson, source: string, listed: Listed, receivedAt: Micros): Page<Trade> =>
  recordsOf(listOf(body, 'the trades').toReversed(), (part) => {
    const { execId: i, price: p, size: v, side: S, time: T } = objectOf(part, 'a trade')
    return tradeOf(source, listed, { i, p, v, S, T } as unknown as TradeEvent, receivedAt, 'backfill')
  })

/** Bars of `kline`, oldest first: rows of open time, open, high, low, close, volume and turnover. */
export const barsIn = (
  body: ExactJson,
  source: string,
  listed: Listed,
  timeframe: Timeframe,
  receivedAt: Micros,
): Page<Ohlcv> => {
  const place = { source, listed, timeframe, receivedAt }
  return recordsOf(listOf(body, 'the candles').toReversed(), (part) => {
    const [start, open, high, low, close, volume] = arrayOf(part, 'a candle')
    const time = millis(start as string)
    return pastBar(place, {
      time,
      open: figure(open),
      high: figure(high),
      low: figure(low),
      close: figure(close),
      volume: figure(volume),
    })
  })
}
