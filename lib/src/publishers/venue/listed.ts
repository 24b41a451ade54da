import type { Decimal } from '../../base/types/index.ts'

/** One instrument that a venue lists. */
export interface Listed {
  /** The venue's own id, such as `BTCUSDT`, as its sockets and REST paths have it. */
  readonly symbol: string
  /** `BTC/USDT`; a perpetual `BTC/USDT:USDT`. */
  readonly coinId: string
  readonly base: string
  /** The currency of its prices. */
  readonly quote: string
  readonly tickSize?: Decimal | undefined
  readonly lotSize?: Decimal | undefined
  readonly active: boolean
  /** Base units of one contract, where amounts come as contracts. */
  readonly contractSize?: Decimal | undefined
  /** Traded in a day, in the quote currency; only orders instruments, so a float will do. */
  readonly quoteVolume?: number | undefined
  /** Another id of it, where sockets and REST name it differently. */
  readonly alias?: string | undefined
}
