import type { Span } from '../spans.ts'
import type { Micros } from '../time.ts'

/** The trading hours of a market. While it is closed nothing is missing, and a bar lasts no longer than its market is open. */
export interface Calendar {
  /** Such as 24x7. */
  readonly name: string
  /** True if the market never closes; `spans` then need not be asked. */
  readonly always: boolean
  /** The stretch whose hours are known; undefined if all are. Outside of it `spans` has none, so nothing is missing there. */
  readonly known?: Span
  /** The open hours of a stretch, oldest first, cut to it. */
  spans(from: Micros, to: Micros): Iterable<Span>
  /**
   * When the trading day of a date begins, which is at most a day before 00:00 UTC of the date; undefined: at 00:00 UTC.
   * @param date 00:00 UTC of the date, which is the time of its daily bar
   */
  readonly dayStart?: ((date: Micros) => Micros) | undefined
  /** The day of a session that a moment belongs to. Bars of less than a day are counted from its open; undefined: from 00:00 UTC. */
  readonly sessionDay?: ((time: Micros) => SessionDay) | undefined
}

/** A date of an exchange, from midnight to midnight of its clocks. */
export interface SessionDay extends Span {
  /** When its session opens, or would open if there were one. */
  readonly open: Micros
}

/** A series, as far as its trading hours are concerned. */
export interface CalendarOwner {
  readonly source: string
  readonly coinId: string
}

/** The calendars of stored series. */
export interface SeriesCalendars {
  /** By what was read last. */
  readonly of: (series: CalendarOwner) => Calendar
  /**
   * Reads the calendars that sources and pairs name by now, unless they were read a moment ago.
   * @param maxAgeMs how long ago, in milliseconds; default ten seconds
   * @throws QiError when the database does not answer
   */
  refresh(maxAgeMs?: number): Promise<void>
}

/** The calendar of everything that names no other. */
export const ALWAYS: Calendar = { name: '24x7', always: true, spans: (from, to) => (from < to ? [{ from, to }] : []) }

/** For where no source has other hours. */
export const NEVER_CLOSED: SeriesCalendars = { of: () => ALWAYS, refresh: async () => {} }
