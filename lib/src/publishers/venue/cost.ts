import type { VenueSettings } from './settings.ts'
import type { Channel } from './types.ts'

/**
 * Bytes that one record takes in the store, rows and indexes, and how many an instrument of the busiest kind brings a second: measured on
 * BTC/USDT of Binance, 346 s of August 2024. Any other instrument brings less, so that a sum over them is a bound and no forecast.
 */
const MEASURED = {
  trades: { bytes: 182, perSecond: 28.2 },
  quotes: { bytes: 173, perSecond: 81 },
  /** Beside the levels. */
  books: { bytes: 174, bytesPerLevel: 60 },
  candles: { bytes: 190 },
} as const

const DAY_SECONDS = 86_400
const GB = 1e9

/** Bytes a day at most that one instrument stores, by channel. */
export interface Cost {
  readonly channel: Channel
  readonly bytesPerDay: number
  /** Such as `at most 10 a second`. */
  readonly rate: string
}

/** The most that the settings store in a day for each instrument. */
export function costOf(
  settings: Pick<VenueSettings, 'channels' | 'timeframes' | 'quote_every_ms' | 'book_levels' | 'book_every_ms'>,
): readonly Cost[] {
  return settings.channels.map((channel): Cost => {
    switch (channel) {
      case 'trades': {
        const { bytes, perSecond } = MEASURED.trades
        return { channel, bytesPerDay: bytes * perSecond * DAY_SECONDS, rate: `${perSecond} a second, as BTC/USDT at Binance` }
      }
      case 'quotes': {
        const { bytes, perSecond } = MEASURED.quotes
        const rate = settings.quote_every_ms === 0 ? perSecond : Math.min(perSecond, 1000 / settings.quote_every_ms)
        return { channel, bytesPerDay: bytes * rate * DAY_SECONDS, rate: `${round(rate)} a second` }
      }
      case 'books': {
        const { bytes, bytesPerLevel } = MEASURED.books
        const rate = 1000 / settings.book_every_ms
        const size = bytes + bytesPerLevel * settings.book_levels
        return {
          channel,
          bytesPerDay: size * rate * DAY_SECONDS,
          rate: `${round(rate)} a second of ${settings.book_levels} levels`,
        }
      }
      case 'candles': {
        // The final bar overwrites its running ones.
        const bars = settings.timeframes.length * 1440
        return { channel, bytesPerDay: MEASURED.candles.bytes * bars, rate: `${bars} bars a day at most` }
      }
    }
  })
}

/** Number of instruments that the settings name. */
export const instrumentsOf = ({ symbols, top }: Pick<VenueSettings, 'symbols' | 'top'>): number => symbols?.length ?? top

/** The estimate as one line for people. */
export function costLine(settings: VenueSettings): string {
  const each = costOf(settings)
  const parts = each.map(({ channel, bytesPerDay, rate }) => `${channel} ${size(bytesPerDay)} (${rate})`)
  const count = instrumentsOf(settings)
  return `a day and instrument at most: ${parts.join(', ')}; ${count} ${count === 1 ? 'instrument' : 'instruments'}: ${size(total(settings))}`
}

/** Bytes a day of all instruments, at most. */
export const total = (settings: VenueSettings): number =>
  instrumentsOf(settings) * costOf(settings).reduce((sum, { bytesPerDay }) => sum + bytesPerDay, 0)

/** The refusal of settings that store more than their budget, with the arithmetic. */
export function costProblems(settings: VenueSettings): readonly { readonly path: readonly string[]; readonly message: string }[] {
  const bytes = total(settings)
  if (bytes <= settings.gb_per_day * GB) return []
  return [
    {
      path: ['gb_per_day'],
      message: `the settings store up to ${size(bytes)} a day, which is more than ${settings.gb_per_day} GB: ${costLine(settings)}; name fewer instruments or channels, raise quote_every_ms or book_every_ms, or set gb_per_day to at least ${Math.ceil(bytes / GB)}`,
    },
  ]
}

const round = (value: number): number => Math.round(value * 100) / 100
const size = (bytes: number): string => (bytes >= GB ? `${round(bytes / GB)} GB` : `${Math.round(bytes / 1e6)} MB`)
