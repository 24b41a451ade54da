import { type ExactJson, type Micros, type Ohlcv, QiError, type Timeframe, type Trade } from '../../../../base/types/index.ts'
import { type BookMessage, figure, type Listed, millis, type Page, pastBar, recordsOf, whole } from '../../../venue/index.ts'
import { arrayOf, type JsonObject, objectOf, textOf } from '../../shared/json.ts'
import { tradeOf } from './live.ts'

/** The instruments of `exchangeInfo`. Trading pairs of spot, perpetuals of futures. */
export function listedIn(body: ExactJson, volumes: ReadonlyMap<string, number>): Listed[] {
  return arrayOf(objectOf(body, 'the exchange info').symbols, 'symbols').flatMap((part) => {
    const entry = objectOf(part, 'a symbol')
    const symbol = textOf(entry.symbol, 'symbol')
    const base = textOf(entry.baseAsset, 'baseAsset')
    const quote = textOf(entry.quoteAsset, 'quoteAsset')
    const contract = entry.contractType
    // Dated futures have another name each quarter; perpetuals alone go on.
    if (contract !== undefined && contract !== 'PERPETUAL') return []
    const coinId = contract === undefined ? `${base}/${quote}` : `${base}/${quote}:${textOf(entry.marginAsset, 'marginAsset')}`
    return [
      {
        symbol,
        coinId,
        base,
        quote,
        active: entry.status === 'TRADING',
        ...filterOf(entry, 'PRICE_FILTER', 'tickSize', 'tickSize'),
        ...filterOf(entry, 'LOT_SIZE', 'stepSize', 'lotSize'),
        ...(volumes.has(symbol) && { quoteVolume: volumes.get(symbol) }),
      },
    ]
  })
}

function filterOf(entry: JsonObject, type: string, field: string, as: 'tickSize' | 'lotSize'): Partial<Listed> {
  const filter = arrayOf(entry.filters ?? [], 'filters')
    .map((part) => objectOf(part, 'a filter'))
    .find(({ filterType }) => filterType === type)
  const value = filter?.[field]
  return typeof value === 'string' ? { [as]: figure(value) } : {}
}

/** Volumes of a day in the quote currency, by symbol. */
export const volumesIn = (body: ExactJson): ReadonlyMap<string, number> =>
  new Map(
    arrayOf(body, 'the tickers').map((part) => {
      const { symbol, quoteVolume } = objectOf(part, 'a ticker')
      return [textOf(symbol, 'symbol'), Number(textOf(quoteVolume, 'quoteVolume'))]
    }),
  )

/** Trades of `historicalTrades` (id, price, qty, time, isBuyerMaker) or of `aggTrades` (a, p, q, T, m). */
export const tradesIn = (body: ExactJson, source: string, listed: Listed, receivedAt: Micros): Page<Trade> =>
  recordsOf(arrayOf(body, 'the trades'), (part) => {
    const entry = objectOf(part, 'a trade')
    const { id, price, qty, time, isBuyerMaker, a, p, q, T, m } = entry
    const event =
      id === undefined
        ? { t: String(a), p: p as string, q: q as string, T: String(T), m: m as boolean }
        : { t: String(id), p: price as string, q: qty as string, T: String(time), m: isBuyerMaker as boolean }
    if (typeof event.m !== 'boolean') throw new QiError('BAD_DATA', 'isBuyerMaker is missing')
    return tradeOf(source, listed, event, receivedAt, 'backfill')
  })

/** Bars of `klines`: rows of open time, open, high, low, close, volume, close time, quote volume, number of trades. */
export const barsIn = (
  body: ExactJson,
  source: string,
  listed: Listed,
  timeframe: Timeframe,
  receivedAt: Micros,
): Page<Ohlcv> => {
  const place = { source, listed, timeframe, receivedAt }
  return recordsOf(arrayOf(body, 'the candles'), (part) => {
    const [openTime, open, high, low, close, volume, , , count] = arrayOf(part, 'a candle')
    const time = millis(String(openTime))
    return pastBar(place, {
      time,
      open: figure(open),
      high: figure(high),
      low: figure(low),
      close: figure(close),
      volume: figure(volume),
      tradeCount: whole(String(count), 'number of trades'),
    })
  })
}

/** The snapshot of `depth`. @param limit levels of a side that were asked for */
export function snapshotIn(body: ExactJson, limit: number): BookMessage {
  const { lastUpdateId, bids, asks } = objectOf(body, 'the order book')
  const side = (levels: ExactJson | undefined, what: string) =>
    arrayOf(levels, what).map((level) => {
      const [price, size] = arrayOf(level, 'a level')
      return [textOf(price, 'a price'), textOf(size, 'a size')] as const
    })
  return {
    kind: 'snapshot',
    last: whole(String(lastUpdateId), 'lastUpdateId'),
    bids: side(bids, 'bids'),
    asks: side(asks, 'asks'),
    limit,
  }
}
