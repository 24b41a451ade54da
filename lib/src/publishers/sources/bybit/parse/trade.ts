import { type Micros, QiError, type Trade } from '../../../../base/types/index.ts'
import { figure, type Listed, millis } from '../../../venue/index.ts'

/** A trade as sockets have it. */
export interface TradeEvent {
  readonly i: string
  readonly p: string
  readonly v: string
  /** The taker's side. */
  readonly S: string
  /** A text over REST. */
  readonly T: number | string
}

/** The record of a trade, by whichever way it came. It has no number: Bybit's ids have no order. @throws QiError BAD_DATA */
export function tradeOf(
  source: string,
  { coinId, quote: currency }: Listed,
  { i, p, v, S, T }: TradeEvent,
  receivedAt: Micros,
  origin: Trade['origin'],
): Trade {
  if (typeof i !== 'string' || i === '') throw new QiError('BAD_DATA', 'the trade has no id')
  return {
    coinId,
    source,
    time: millis(T),
    receivedAt,
    origin,
    currency,
    tradeId: i,
    side: sideOf(S),
    price: figure(p),
    amount: figure(v),
  }
}

function sideOf(side: unknown): Trade['side'] {
  if (side === 'Buy') return 'buy'
  if (side === 'Sell') return 'sell'
  throw new QiError('BAD_DATA', `side ${String(JSON.stringify(side)).slice(0, 40)} is neither Buy nor Sell`)
}
