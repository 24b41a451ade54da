import { decimal } from '../../../base/types/index.ts'
import type { CcxtExchange } from './library.ts'

/** A number of this many characters, or with an exponent, may have more digits than a float keeps. */
const LONG_NUMBER = /[:,[]\s*-?(?:[\d.]{16,}|[\d.]+[eE])/

/**
 * JSON in which a number that a float would change is its text, in plain notation. All other numbers stay numbers, because ccxt compares
 * codes and flags with them. Undefined if the text is no object and no list, as ccxt expects it.
 */
export function parseKeepingDigits(text: string): unknown {
  if (!/^\s*[{[]/.test(text)) return undefined
  try {
    return LONG_NUMBER.test(text) ? parseWithSource(text, kept) : JSON.parse(text)
  } catch {
    return undefined
  }
}

// JSON.parse with source text access: not yet in TypeScript's library.
type Reviver = (key: string, value: unknown, context: { readonly source: string }) => unknown
const parseWithSource = JSON.parse as (text: string, reviver: Reviver) => unknown

function kept(_key: string, value: unknown, { source }: { readonly source: string }): unknown {
  if (typeof value !== 'number') return value
  const exact = plain(source)
  return exact === plain(String(value)) ? value : exact
}

/** The canonical text of a number; one that is no decimal, or has too many digits, stays as it is, and is refused later. */
function plain(text: string): string {
  try {
    return decimal(text)
  } catch {
    return text
  }
}

/** Replaces the parts of an exchange that would change a figure or make one up. */
export function keepDigits(exchange: CcxtExchange): void {
  exchange.number = String
  exchange.parseJson = parseKeepingDigits
  // The original sends small exponents through parseFloat.
  exchange.parseNumber = (value, fallback) =>
    typeof value === 'string' || typeof value === 'number' ? plain(String(value)) : fallback
  // The original computes a last price from other figures where the exchange gives none, rounding quotients.
  const { safeTicker } = exchange
  exchange.safeTicker = (ticker, market) => {
    const { last, close } = ticker
    return { ...safeTicker.call(exchange, ticker, market), last: exchange.parseNumber(last ?? close) }
  }
  // The original makes an id of time, side, amount and price, which several trades may share.
  exchange.createCcxtTradeId = () => undefined
}
