import { type CoveredSeries, formatTime, type Span } from '../../../lib/src/base/index.ts'
import { duration } from './age.ts'

/** `2026-01-31T12:00:00Z`; parts of a second only where there are any. */
export const spanWire = ({ from, to }: Span) => ({ from: formatTime(from), to: formatTime(to) })

export const spanLength = ({ from, to }: Span): string => duration((to - from) / 1000)

/** The length of candles, else the record type, as people call it. */
export const whatOf = ({ type, timeframe }: Pick<CoveredSeries, 'type' | 'timeframe'>): string => timeframe ?? WHAT[type] ?? type

const WHAT: Readonly<Record<string, string>> = { price: 'prices', trade: 'trades', quote: 'quotes', market_analytics: 'market' }

const BAR = 24

/** `[██████······]`, for a share from 0 to 1. */
export function progressBar(share: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * BAR)
  return `[${'█'.repeat(full)}${'·'.repeat(BAR - full)}]`
}
