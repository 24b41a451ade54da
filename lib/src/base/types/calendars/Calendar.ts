import type { Span } from '../spans.ts'
import type { Micros } from '../time.ts'

/** The trading hours of a market. While it is closed nothing is missing, and a bar lasts no longer than its market is open. */
export interface Calendar {
  /** Such as 24x7. */
  readonly name: string
  /** True if the market never closes; `spans` then need not be asked. */
  readonly always: boolean
  /** The open hours of a stretch, oldest first, cut to it. */
  spans(from: Micros, to: Micros): Iterable<Span>
}

/** The calendar of everything that names no other. */
export const ALWAYS: Calendar = { name: '24x7', always: true, spans: (from, to) => (from < to ? [{ from, to }] : []) }
