import { QiError, type Trade, trade } from '../../../../base/types/index.ts'
import { Collector, type Parsed, type Seen } from '../../shared/collect.ts'
import type { CcxtMarket, CcxtTrade } from '../library.ts'
import { figureOf, originalOf, timeOf } from './figures.ts'

/** The trades of an answer of fetchTrades, oldest first. No `sequence`: whether ids count up without gaps is not known. */
export function parseTrades(trades: readonly CcxtTrade[], { symbol, quote = '' }: CcxtMarket, seen: Seen): Parsed<Trade> {
  const out = new Collector<Trade>(trade)
  for (const [i, row] of trades.entries())
    out.add(String(i), originalOf(row), () => {
      const { id, side } = row
      if (typeof id !== 'string' || id === '')
        throw new QiError('BAD_DATA', 'the trade has no id: another of the same time, price and amount could not be told apart')
      return {
        ...seen,
        coinId: symbol,
        currency: quote,
        time: timeOf(row.timestamp, 'timestamp'),
        tradeId: id,
        side: side === 'buy' || side === 'sell' ? side : 'unknown',
        price: figureOf(row.price, 'price'),
        amount: figureOf(row.amount, 'amount'),
      }
    })
  return out.done((a, b) => a.time - b.time)
}
