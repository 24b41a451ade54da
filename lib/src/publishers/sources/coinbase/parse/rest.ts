import type { ExactJson, Micros, Ohlcv, Timeframe, Trade } from '../../../../base/types/index.ts'
import { figure, type Listed, type Page, pastBar, recordsOf, secondsText } from '../../../venue/index.ts'
import { arrayOf, decimalOf, objectOf, textOf } from '../../shared/json.ts'
import { type TradeParts, tradeOf } from './live.ts'

/** The instruments of `/products`. */
export const listedIn = (body: ExactJson, volumes: ReadonlyMap<string, number>): Listed[] =>
  arrayOf(body, 'the products').map((part) => {
    const product = objectOf(part, 'a product')
    const symbol = textOf(product.id, 'id')
    const base = textOf(product.base_currency, 'base_currency')
    const quote = textOf(product.quote_currency, 'quote_currency')
    return {
      symbol,
      coinId: `${base}/${quote}`,
      base,
      quote,
      active: product.status === 'online' && product.trading_disabled !== true,
      ...(typeof product.quote_increment === 'string' && { tickSize: figure(product.quote_increment) }),
      ...(typeof product.base_increment === 'string' && { lotSize: figure(product.base_increment) }),
      ...(volumes.has(symbol) && { quoteVolume: volumes.get(symbol) }),
    }
  })

/** Volumes of a day in the quote currency, by product, of `/products/stats`: the volume in the base currency by the last price. */
export function volumesIn(body: ExactJson): ReadonlyMap<string, number> {
  const volumes = new Map<string, number>()
  for (const [id, part] of Object.entries(objectOf(body, 'the stats'))) {
    const { volume, last } = objectOf(objectOf(part, 'the stats of a product').stats_24hour ?? {}, 'stats_24hour')
    const value = Number(volume) * Number(last)
    if (Number.isFinite(value)) volumes.set(id, value)
  }
  return volumes
}

/** Trades of `/products/{id}/trades`, which come newest first; here oldest first. */
export const tradesIn = (body: ExactJson, source: string, listed: Listed, receivedAt: Micros): Page<Trade> =>
  recordsOf(arrayOf(body, 'the trades').toReversed(), (part) => {
    const entry = objectOf(part, 'a trade')
    const parts = { ...entry, trade_id: String(entry.trade_id) } as unknown as TradeParts
    return tradeOf(source, listed, parts, receivedAt, 'backfill')
  })

/** Bars of `/products/{id}/candles`: rows of time, low, high, open, close, volume as numbers, newest first; here oldest first. */
export const barsIn = (
  body: ExactJson,
  source: string,
  listed: Listed,
  timeframe: Timeframe,
  receivedAt: Micros,
): Page<Ohlcv> => {
  const place = { source, listed, timeframe, receivedAt }
  return recordsOf(arrayOf(body, 'the candles').toReversed(), (part) => {
    const [opened, low, high, open, close, volume] = arrayOf(part, 'a candle')
    const time = secondsText(String(opened))
    return pastBar(place, {
      time,
      open: decimalOf(open, 'open'),
      high: decimalOf(high, 'high'),
      low: decimalOf(low, 'low'),
      close: decimalOf(close, 'close'),
      volume: decimalOf(volume, 'volume'),
    })
  })
}
