import { type AssetClass, CALENDARS, type Calendar, calendarOf, type Instrument, QiError } from '../../../base/types/index.ts'
import type { Seen } from '../shared/collect.ts'

/** One instrument as Twelve Data lists it. */
export interface Listing {
  /** `AAPL:XNAS`, `EUR/USD`. */
  readonly coinId: string
  /** The ticker or pair, as requests have it. */
  readonly symbol: string
  readonly name: string
  /** The name of its exchange; `NASDAQ` stands for three segments. */
  readonly exchange: string
  /** As Twelve Data writes it, which may be that of a segment; undefined for pairs, and in older answers. */
  readonly micCode?: string | undefined
  readonly country?: string | undefined
  /** The currency of its figures as it is written, such as GBp for pence; of a pair that of its prices. */
  readonly currency: string
  readonly timezone?: string | undefined
  readonly assetClass?: AssetClass | undefined
}

/** Segments by their operating exchange. */
const OPERATING: Readonly<Record<string, string>> = { XNGS: 'XNAS', XNMS: 'XNAS', XNCM: 'XNAS' }
/** Exchanges that have the hours of another one. */
const SAME_HOURS: Readonly<Record<string, string>> = { ARCX: 'XNYS', XASE: 'XNYS', BATS: 'XNYS' }

const CLASSES: readonly (readonly [RegExp, AssetClass])[] = [
  [/^Digital Currency$/i, 'crypto'],
  [/^Physical Currency$/i, 'forex'],
  [/^(ETF|Exchange-Traded Note)$/i, 'etf'],
  [/Fund$/i, 'fund'],
  [/^Index$/i, 'index'],
  [/^Bond$/i, 'bond'],
  [/^(Agricultural Product|Energy Resource|Industrial Metal|Livestock|Precious Metal)$/i, 'commodity'],
  [/Stock$|Depositary Receipt$|^(REIT|Limited Partnership|Trust|Unit|Right|Warrant)$/i, 'stock'],
]

export const assetClassOf = (type: string): AssetClass | undefined => CLASSES.find(([pattern]) => pattern.test(type))?.[1]

/** The MIC of the operating exchange. */
export const operatingMic = (mic: string): string => OPERATING[mic] ?? mic

/** The identity of an instrument: ticker and operating MIC of a security, the pair of a currency. */
export const coinIdOf = (symbol: string, micCode: string | undefined): string =>
  symbol.includes('/') || micCode === undefined ? symbol : `${symbol}:${operatingMic(micCode)}`

/** The calendar of a listing; undefined if its hours are not known. */
export function calendarNameOf({ micCode, assetClass }: Pick<Listing, 'micCode' | 'assetClass'>): string | undefined {
  if (assetClass === 'crypto') return '24x7'
  if (assetClass === 'forex') return 'fx'
  if (micCode === undefined) return undefined
  const mic = operatingMic(micCode)
  const name = SAME_HOURS[mic] ?? mic
  return CALENDARS.some((calendar) => calendar.name === name) ? name : undefined
}

export const hoursOf = (listing: Pick<Listing, 'micCode' | 'assetClass'>): Calendar =>
  calendarOf(calendarNameOf(listing) ?? '24x7')

/** The hours of an id: those of its exchange; of a pair all hours, since its class is not in its name. */
export function calendarOfName(coinId: string): Calendar {
  const [symbol, venue] = splitName(coinId)
  return hoursOf({ micCode: symbol.includes('/') ? undefined : venue, assetClass: undefined })
}

/** The instrument record of a listing. */
export function instrumentOf(listing: Listing, { source, receivedAt, origin }: Seen): Instrument {
  const { coinId, symbol, name, exchange, micCode, currency, timezone, assetClass } = listing
  const calendar = calendarNameOf(listing)
  const [base, quote] = symbol.split('/')
  return {
    coinId,
    source,
    time: receivedAt,
    receivedAt,
    origin,
    kind: quote === undefined ? 'security' : 'pair',
    symbol,
    name,
    exchange,
    ...(quote !== undefined && { base: base as string, quote }),
    active: true,
    ...(calendar !== undefined && { calendar }),
    ...(micCode !== undefined && quote === undefined && { mic: operatingMic(micCode) }),
    ...(timezone !== undefined && { timezone }),
    ...(assetClass !== undefined && { assetClass }),
    currency,
  }
}

/** How a setting may name a listing: by MIC, or by the exchange's name. */
const named = ({ symbol, micCode, exchange }: Listing): string =>
  `${symbol}:${micCode === undefined || symbol.includes('/') ? exchange : operatingMic(micCode)}`

const described = (listing: Listing): string =>
  `${named(listing)} (${[listing.exchange, listing.country, listing.currency].filter(Boolean).join(', ')})`

/** Most candidates that an error names. */
const MOST_NAMED = 20

/**
 * The one listing that a text means: `AAPL:XNAS`, `AAPL:NASDAQ`, `EUR/USD`, `BTC/USD:Coinbase Pro`, or a ticker that is listed once.
 * @param found what Twelve Data finds for the ticker, near matches included
 * @throws QiError CONFIG_INVALID listing the candidates
 */
export function choose(text: string, found: readonly Listing[], field: string): Listing {
  const [symbol, venue] = splitName(text)
  const same = found.filter((listing) => listing.symbol.toUpperCase() === symbol.toUpperCase())
  const fits =
    venue === undefined
      ? same
      : same.filter(({ micCode, exchange }) =>
          [micCode, micCode && operatingMic(micCode), exchange].some((each) => each?.toUpperCase() === venue.toUpperCase()),
        )
  const distinct = [...new Map(fits.map((listing) => [named(listing), listing])).values()]
  if (distinct.length === 1) return distinct[0] as Listing
  const shown = (fits.length > 0 ? fits : same.length > 0 ? same : found).map(described)
  const list = [...new Set(shown)].slice(0, MOST_NAMED).join('; ')
  const problem =
    distinct.length > 1
      ? `"${text}" is listed more than once`
      : `Twelve Data lists no "${symbol}"${venue === undefined ? '' : ` at ${venue}`}`
  throw new QiError('CONFIG_INVALID', `${field}: ${problem}${list ? `: name one of ${list}` : '; correct the symbol'}`, {
    field,
  })
}

/** Ticker and venue of `AAPL:XNAS`. */
export function splitName(text: string): [symbol: string, venue: string | undefined] {
  const at = text.indexOf(':')
  return at < 0 ? [text.trim(), undefined] : [text.slice(0, at).trim(), text.slice(at + 1).trim()]
}
