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

/** Settings that decide how much is stored. */
export interface Stored {
  readonly symbols?: readonly string[] | undefined
  readonly top: number
  readonly channels: readonly Channel[]
  readonly timeframes: readonly string[]
  readonly quote_every_ms: number
  readonly book_levels: number
  readonly book_every_ms: number
  readonly gb_per_day: number
}

const COSTS: Readonly<Record<Channel, (settings: Stored) => Omit<Cost, 'channel'>>> = {
  trades() {
    const { bytes, perSecond } = MEASURED.trades
    return { bytesPerDay: bytes * perSecond * DAY_SECONDS, rate: `${perSecond} a second, as BTC/USDT at Binance` }
  },
  quotes({ quote_every_ms: every }) {
    const { bytes, perSecond } = MEASURED.quotes
    const rate = every === 0 ? perSecond : Math.min(perSecond, 1000 / every)
    return { bytesPerDay: bytes * rate * DAY_SECONDS, rate: `${round(rate)} a second` }
  },
  books({ book_every_ms: every, book_levels: levels }) {
    const { bytes, bytesPerLevel } = MEASURED.books
    const rate = 1000 / every
    return {
      bytesPerDay: (bytes + bytesPerLevel * levels) * rate * DAY_SECONDS,
      rate: `${round(rate)} a second of ${levels} levels`,
    }
  },
  candles({ timeframes }) {
    // The final bar overwrites its running ones.
    const bars = timeframes.length * 1440
    return { bytesPerDay: MEASURED.candles.bytes * bars, rate: `${bars} bars` }
  },
}

/** The most that the settings store in a day for each instrument. */
export const costOf = (settings: Stored): readonly Cost[] =>
  settings.channels.map((channel) => ({ channel, ...COSTS[channel](settings) }))

/** Number of instruments that the settings name. */
export const instrumentsOf = ({ symbols, top }: Pick<Stored, 'symbols' | 'top'>): number => symbols?.length ?? top

/** The estimate as one line for people. */
export function costLine(settings: Stored): string {
  const each = costOf(settings)
  const parts = each.map(({ channel, bytesPerDay, rate }) => `${channel} ${size(bytesPerDay)} (${rate})`)
  const count = instrumentsOf(settings)
  return `a day and instrument at most: ${parts.join(', ')}; ${count} ${count === 1 ? 'instrument' : 'instruments'}: ${size(total(settings))}`
}

/** The sum as text, such as `stores at most 1.78 GB a day`. */
export const totalLine = (settings: Stored): string => `stores at most ${size(total(settings))} a day`

/** Bytes a day of all instruments, at most. */
export const total = (settings: Stored): number =>
  instrumentsOf(settings) * costOf(settings).reduce((sum, { bytesPerDay }) => sum + bytesPerDay, 0)

/** The refusal of settings that store more than their budget, with the arithmetic. */
export function costProblems(settings: Stored): readonly { readonly path: readonly string[]; readonly message: string }[] {
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
