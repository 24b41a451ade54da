import { QiError } from '../../../base/types/index.ts'
import type { FoundInstrument, Market } from './series.ts'

/** An instrument that a source lists. */
export interface ListedInstrument extends FoundInstrument {
  /** The venue's own name. */
  readonly symbol: string
}

export interface InstrumentsOptions {
  /** The instrument of all files: `BTC/USDT`. */
  readonly coin?: string | undefined
  /** Instruments by the venue's symbol: `BTCUSDT` → `BTC/USDT`. */
  readonly symbols: Readonly<Record<string, string>>
  /** The currency of the figures. Default: the quote of the instrument. */
  readonly currency?: string | undefined
  /** The instruments that a source lists, from the store. */
  readonly listed: (source: string) => Promise<readonly ListedInstrument[]>
}

/** Base and quote, and the settlement of a derivative: `BTC/USDT`, `BTC/USDT:USDT`, `BTC/USDT:USDT-260327`. */
const PAIR = /^[^\s/:]+\/([^\s/:]+)(?::[^\s/:]+)?$/
/** The currency that an instrument is priced in, by its name. */
export const quoteOf = (coinId: string): string | undefined => PAIR.exec(coinId)?.[1]

const isFutures = (coinId: string): boolean => coinId.includes(':')

/**
 * The instruments that the symbols of files mean: those that the user named, or that the store lists of the source. A symbol is never cut
 * in two, since `BTCUSDT` does not tell where.
 */
export class Instruments {
  readonly #options: InstrumentsOptions
  readonly #listed = new Map<string, Promise<readonly ListedInstrument[]>>()
  #first: string | undefined

  constructor(options: InstrumentsOptions) {
    this.#options = options
  }

  /** @throws QiError BAD_REQUEST naming the symbol and the flag that helps */
  async find(source: string, symbol: string, market?: Market): Promise<FoundInstrument> {
    const { coin, symbols } = this.#options
    const named = symbols[symbol]
    if (named !== undefined) return this.#named(named, market, `symbol ${symbol}=${named}`, 'symbol')
    if (coin !== undefined) {
      this.#first ??= symbol
      if (this.#first === symbol) return this.#named(coin, market, `coin ${coin}`, 'coin')
      throw wrong(
        `coin ${coin} is one instrument, but the files are of ${this.#first} and ${symbol}: name each with --symbol, such as --symbol ${symbol}=BASE/QUOTE`,
        'coin',
      )
    }
    const listed = await this.#of(source)
    const key = normal(symbol)
    const fits = listed.filter(
      ({ symbol: one, coinId }) =>
        (normal(one) === key || normal(coinId) === key) && (!market || isFutures(coinId) === (market === 'futures')),
    )
    const [only, other] = fits
    if (only && !other) return this.#in(only)
    const example = market === 'futures' ? 'BTC/USDT:USDT' : 'BTC/USDT'
    throw wrong(
      other
        ? `symbol ${symbol} may be ${fits.map(({ coinId }) => coinId).join(' or ')}: say which, such as --symbol ${symbol}=${only?.coinId}`
        : `symbol ${symbol} is none of the instruments that the store lists of ${source}, and its name does not tell base and quote: name it, such as --symbol ${symbol}=${example} (or --coin ${example})`,
      'symbol',
    )
  }

  #of(source: string): Promise<readonly ListedInstrument[]> {
    let listed = this.#listed.get(source)
    if (!listed) {
      listed = this.#options.listed(source)
      this.#listed.set(source, listed)
    }
    return listed
  }

  #named(coinId: string, market: Market | undefined, said: string, field: string): FoundInstrument {
    const quote = quoteOf(coinId)
    const currency = this.#options.currency ?? quote
    if (currency === undefined)
      throw wrong(`${said}: its currency cannot be told: name it with --currency, or the instrument as BASE/QUOTE`, field)
    if (market && quote && isFutures(coinId) !== (market === 'futures'))
      throw wrong(
        market === 'futures'
          ? `${said} is a spot instrument, but the file is of futures: name it such as BTC/USDT:USDT`
          : `${said} is a derivative, but the file is of the spot market: name it such as BTC/USDT`,
        field,
      )
    return { coinId, currency }
  }

  #in({ coinId, currency }: FoundInstrument): FoundInstrument {
    return { coinId, currency: this.#options.currency ?? currency }
  }
}

/** Names that Kraken gives to currencies of other names. */
const OTHER_NAMES: Readonly<Record<string, string>> = { XBT: 'BTC', XDG: 'DOGE' }

/** A symbol for comparison: without separators and settlement, in upper case, with the usual names of currencies. */
const normal = (symbol: string): string =>
  symbol
    .toUpperCase()
    .replace(/:.*$/, '')
    .replace(/[-/_]/g, '')
    .replace(/^(XBT|XDG)|(XBT|XDG)$/g, (name) => OTHER_NAMES[name] as string)

const wrong = (message: string, field: string): QiError => new QiError('BAD_REQUEST', message, { field })
