import { type ExactJson, type Micros, type Ohlcv, QiError, type Timeframe, type Trade } from '../../../../base/types/index.ts'
import { figure, floorMillis, type Listed, type Page, pastBar, recordsOf, secondsText, whole } from '../../../venue/index.ts'
import { arrayOf, integerOf, type JsonObject, objectOf, textOf } from '../../shared/json.ts'
import { tradeOf } from './live.ts'

/** Assets that version 2 of the sockets names otherwise than REST. No other name is changed. */
const NAMES: Readonly<Record<string, string>> = { XBT: 'BTC', XDG: 'DOGE' }
const nameOf = (asset: string): string => NAMES[asset] ?? asset

/** @throws QiError BAD_DATA */
export const resultOf = (body: ExactJson): JsonObject => objectOf(objectOf(body, 'the answer').result, 'result')

/** The instruments of `AssetPairs`. Pairs without a name for sockets are of no market that can be followed. */
export const listedIn = (body: ExactJson, volumes: ReadonlyMap<string, number>): Listed[] =>
  Object.entries(resultOf(body)).flatMap(([alias, part]) => {
    const pair = objectOf(part, 'a pair')
    if (pair.wsname === undefined) return []
    const [base, quote] = textOf(pair.wsname, 'wsname').split('/').map(nameOf)
    if (!base || !quote) throw new QiError('BAD_DATA', `wsname ${String(pair.wsname).slice(0, 40)} is not like XBT/USD`)
    const symbol = `${base}/${quote}`
    return [
      {
        symbol,
        alias,
        coinId: symbol,
        base,
        quote,
        // Pairs of former years bear no status.
        active: pair.status === undefined || pair.status === 'online',
        tickSize: typeof pair.tick_size === 'string' ? figure(pair.tick_size) : stepOf(pair.pair_decimals, 'pair_decimals'),
        lotSize: stepOf(pair.lot_decimals, 'lot_decimals'),
        ...(volumes.has(alias) && { quoteVolume: volumes.get(alias) }),
      },
    ]
  })

/** The step of a count of decimals: 0.01 of 2. */
function stepOf(value: ExactJson | undefined, what: string) {
  const decimals = integerOf(value, what)
  if (decimals < 0 || decimals > 30) throw new QiError('BAD_DATA', `${what} ${decimals} is no count of decimals`)
  return figure(decimals === 0 ? '1' : `0.${'1'.padStart(decimals, '0')}`)
}

/** Volumes of 24 hours in the quote currency, by pair, of `Ticker`: the volume by its average price. */
export const volumesIn = (body: ExactJson): ReadonlyMap<string, number> =>
  new Map(
    Object.entries(resultOf(body)).map(([alias, part]) => {
      const { v, p } = objectOf(part, 'a ticker')
      return [alias, Number(arrayOf(v, 'v')[1]) * Number(arrayOf(p, 'p')[1])]
    }),
  )

/** Rows of the pair that was asked for: its key is beside `last`. */
function rowsOf(result: JsonObject, what: string): readonly ExactJson[] {
  const found = Object.entries(result).find(([key]) => key !== 'last')
  return arrayOf(found?.[1], what)
}

export interface TradePage extends Page<Trade> {
  /** Nanoseconds of the last trade: the next page begins behind them. */
  readonly last: string
  /** Rows of the answer, valid or not. */
  readonly rows: number
}

/** Trades of `Trades`: rows of price, volume, seconds, side (b, s), type, misc, trade_id; oldest first. */
export function tradesIn(body: ExactJson, source: string, listed: Listed, receivedAt: Micros): TradePage {
  const result = resultOf(body)
  const rows = rowsOf(result, 'the trades')
  const page = recordsOf(rows, (row) => {
    const [price, amount, seconds, side, , , id] = arrayOf(row, 'a trade')
    if (side !== 'b' && side !== 's') throw new QiError('BAD_DATA', `side ${String(side).slice(0, 20)} is neither b nor s`)
    const parts = {
      id: String(id),
      price,
      amount,
      time: floorMillis(nearestMicros(String(seconds))),
      side: side === 'b' ? ('buy' as const) : ('sell' as const),
    }
    return tradeOf(source, listed, parts, receivedAt, 'backfill')
  })
  return { ...page, last: textOf(result.last, 'last'), rows: rows.length }
}

const FINER = /^(\d+\.\d{6})([5-9])/

/** Microseconds of a float of seconds as text: the seventh decimal is the float's, so that it is rounded. */
const nearestMicros = (text: string): Micros => secondsText(text) + (FINER.test(text) ? 1 : 0)

/** Bars of `OHLC`: rows of time, open, high, low, close, vwap, volume, count; oldest first, the last of them runs. */
export const barsIn = (
  body: ExactJson,
  source: string,
  listed: Listed,
  timeframe: Timeframe,
  receivedAt: Micros,
): Page<Ohlcv> => {
  const place = { source, listed, timeframe, receivedAt }
  return recordsOf(rowsOf(resultOf(body), 'the candles'), (row) => {
    const [opened, open, high, low, close, , volume, count] = arrayOf(row, 'a candle')
    const time = secondsText(String(opened))
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
