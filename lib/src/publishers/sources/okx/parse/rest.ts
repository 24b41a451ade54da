import type { ExactJson, Micros, Ohlcv, Timeframe, Trade } from '../../../../base/types/index.ts'
import { figure, type Listed, multiply, type Page, recordsOf } from '../../../venue/index.ts'
import { arrayOf, type JsonObject, objectOf, textOf } from '../../shared/json.ts'
import type { Market } from '../config.ts'
import { candleOf } from './candle.ts'
import { type TradeEvent, tradeOf } from './trade.ts'

const dataOf = (body: ExactJson, what: string): readonly ExactJson[] => arrayOf(objectOf(body, 'the answer').data, what)

/** The instruments of `public/instruments`: pairs of spot, linear perpetuals of swaps. */
export const listedIn = (body: ExactJson, market: Market, volumes: ReadonlyMap<string, number>): Listed[] =>
  dataOf(body, 'the instruments').flatMap((part) => {
    const entry = objectOf(part, 'an instrument')
    const symbol = textOf(entry.instId, 'instId')
    const listed = market === 'spot' ? pairOf(entry) : perpetualOf(entry)
    if (!listed) return []
    return [
      {
        symbol,
        ...listed,
        active: entry.state === 'live',
        ...(isGiven(entry.tickSz) && { tickSize: figure(entry.tickSz) }),
        ...(isGiven(entry.lotSz) && { lotSize: lotOf(entry.lotSz, listed.contractSize) }),
        ...(volumes.has(symbol) && { quoteVolume: volumes.get(symbol) }),
      },
    ]
  })

type Names = Pick<Listed, 'coinId' | 'base' | 'quote' | 'contractSize'>

function pairOf(entry: JsonObject): Names {
  const base = textOf(entry.baseCcy, 'baseCcy')
  const quote = textOf(entry.quoteCcy, 'quoteCcy')
  return { coinId: `${base}/${quote}`, base, quote }
}

/**
 * Undefined for an inverse contract: it is worth an amount of the quote currency, so that its size in base units changes with the price.
 * OKX names no base and quote of a swap: the base is the currency of the contract's value, which the underlying index begins with.
 */
function perpetualOf(entry: JsonObject): Names | undefined {
  const { ctType, ctMult } = entry
  const base = textOf(entry.ctValCcy, 'ctValCcy')
  const index = textOf(entry.uly, 'uly')
  if (ctType !== 'linear' || base === '' || !index.startsWith(`${base}-`)) return undefined
  const quote = index.slice(base.length + 1)
  const contractSize = multiply(figure(entry.ctVal), isGiven(ctMult) ? figure(ctMult) : figure('1'))
  return { coinId: `${base}/${quote}:${textOf(entry.settleCcy, 'settleCcy')}`, base, quote, contractSize }
}

const isGiven = (value: ExactJson | undefined): value is string => typeof value === 'string' && value !== ''

const lotOf = (lot: string, contractSize: Listed['contractSize']) =>
  contractSize === undefined ? figure(lot) : multiply(figure(lot), contractSize)

/** Volumes of a day in the quote currency, by symbol. Those of swaps come in the base currency. */
export const volumesIn = (body: ExactJson, market: Market): ReadonlyMap<string, number> =>
  new Map(
    dataOf(body, 'the tickers').map((part) => {
      const { instId, volCcy24h, last } = objectOf(part, 'a ticker')
      const volume = Number(textOf(volCcy24h, 'volCcy24h'))
      return [textOf(instId, 'instId'), market === 'spot' ? volume : volume * Number(textOf(last, 'last'))]
    }),
  )

/** Trades of `history-trades`, oldest first. */
export const tradesIn = (body: ExactJson, source: string, listed: Listed, receivedAt: Micros): Page<Trade> =>
  recordsOf(dataOf(body, 'the trades').toReversed(), (part) =>
    tradeOf(source, listed, objectOf(part, 'a trade') as unknown as TradeEvent, receivedAt, 'backfill'),
  )

/** Bars of `history-candles`, oldest first. */
export const barsIn = (body: ExactJson, source: string, listed: Listed, timeframe: Timeframe, receivedAt: Micros): Page<Ohlcv> =>
  recordsOf(dataOf(body, 'the candles').toReversed(), (row) =>
    candleOf(source, listed, timeframe, arrayOf(row, 'a candle'), receivedAt, 'backfill'),
  )
