import { type Decimal, type Micros, QiError, type Trade } from '../../../../base/types/index.ts'
import { figure, type Listed, millis, multiply, whole } from '../../../venue/index.ts'

/** A trade as sockets and REST have it. */
export interface TradeEvent {
  readonly tradeId: string
  readonly px: string
  readonly sz: string
  /** The taker's side. */
  readonly side: string
  readonly ts: string
}

/** An amount in base units: OKX counts contracts of derivatives. @throws QiError BAD_DATA */
export const unitsOf = ({ contractSize }: Listed, text: unknown): Decimal =>
  contractSize === undefined ? figure(text) : multiply(figure(text), contractSize)

/** The record of a trade, by whichever way it came. @throws QiError BAD_DATA */
export function tradeOf(source: string, listed: Listed, event: TradeEvent, receivedAt: Micros, origin: Trade['origin']): Trade {
  const sequence = whole(event.tradeId, 'tradeId')
  return {
    coinId: listed.coinId,
    source,
    time: millis(event.ts),
    receivedAt,
    origin,
    currency: listed.quote,
    tradeId: String(sequence),
    side: sideOf(event.side),
    price: figure(event.px),
    amount: unitsOf(listed, event.sz),
    sequence,
  }
}

function sideOf(side: unknown): Trade['side'] {
  if (side === 'buy' || side === 'sell') return side
  throw new QiError('BAD_DATA', `side ${String(JSON.stringify(side)).slice(0, 40)} is neither buy nor sell`)
}
