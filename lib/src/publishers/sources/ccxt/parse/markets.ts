import { decimal, type Instrument, instrument } from '../../../../base/types/index.ts'
import { Collector, type Parsed, type Seen } from '../../shared/collect.ts'
import type { CcxtMarket } from '../library.ts'
import { originalOf } from './figures.ts'

/** ccxt's number for "precision is the size of a step". Other exchanges count digits, which are no steps. */
const TICK_SIZE = 4

export function parseMarkets(markets: readonly CcxtMarket[], precisionMode: number | undefined, seen: Seen): Parsed<Instrument> {
  const out = new Collector<Instrument>(instrument)
  const step = (value: unknown) => (precisionMode === TICK_SIZE && typeof value === 'string' ? decimal(value) : undefined)
  for (const market of markets)
    out.add(market.symbol, originalOf(market), () => {
      const { id, symbol, base, quote, active, precision } = market
      const tickSize = step(precision?.price)
      const lotSize = step(precision?.amount)
      return {
        ...seen,
        coinId: symbol,
        time: seen.receivedAt,
        kind: 'pair',
        symbol: id ?? symbol,
        name: symbol,
        exchange: seen.source,
        ...(base !== undefined && { base }),
        ...(quote !== undefined && { quote }),
        ...(tickSize !== undefined && { tickSize }),
        ...(lotSize !== undefined && { lotSize }),
        active: active !== false,
      }
    })
  return out.done()
}
