import { type CoveredSeries, formatTime, type Span } from '../../../lib/src/base/types/index.ts'
import { duration } from './age.ts'

/** A span in wire naming, as `2026-01-31T12:00:00Z`; with parts of a second only if there are any. */
export const spanWire = ({ from, to }: Span) => ({ from: formatTime(from), to: formatTime(to) })

export const spanLength = ({ from, to }: Span): string => duration((to - from) / 1000)

/** The kind of records for people: the length of candles, else the record type in the plural. */
export const kindOf = ({ type, timeframe }: Pick<CoveredSeries, 'type' | 'timeframe'>): string =>
  timeframe ?? PLURALS[type] ?? type

const PLURALS: Readonly<Record<string, string>> = {
  price: 'prices',
  trade: 'trades',
  quote: 'quotes',
  book: 'books',
  corporate_action: 'corporate actions',
  observation: 'observations',
  market_analytics: 'market',
}

const BAR = 24

/** `[██████······]`, for a share from 0 to 1. */
export function progressBar(share: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * BAR)
  return `[${'█'.repeat(full)}${'·'.repeat(BAR - full)}]`
}
