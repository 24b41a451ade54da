import { MICROS_PER_SECOND, type Micros } from '../../types/index.ts'
import { readTime } from '../reading/RowReader.ts'
import { SERIES_NAMES } from '../tables/tables.ts'
import { compareNames, type Place, type RegisteredSeries } from './series.ts'
import type { TimeSlice } from './statement.ts'

/** The length of the first slice, while the density of records is unknown. */
const FIRST: Micros = 60 * MICROS_PER_SECOND
/** The longest slice; a longer one could leave the range of times. */
const LONGEST: Micros = 100 * 365 * 86_400 * MICROS_PER_SECOND

export type NextSlice = Pick<TimeSlice, 'from' | 'to' | 'after'>

/**
 * Cuts a range of time into slices with about as many records as one read takes, by the number that the slice before had. Several
 * slices may be read at the same time; if one has more records than the limit, {@link goBack} continues after the last one that was read.
 */
export class TimeWalk {
  readonly #series: readonly RegisteredSeries[]
  readonly #end: Micros
  #at: Micros
  #length = FIRST
  #after: TimeSlice['after']

  constructor(
    series: readonly RegisteredSeries[],
    { from, to }: { readonly from?: Micros | undefined; readonly to?: Micros | undefined },
    after: Place | undefined,
  ) {
    this.#series = series
    const first = series.reduce((least, one) => Math.min(least, one.first), Number.POSITIVE_INFINITY)
    const last = series.reduce((most, one) => Math.max(most, one.last), Number.NEGATIVE_INFINITY)
    // Before 1685 a number holds only whole seconds.
    this.#end = Math.min(to ?? Number.POSITIVE_INFINITY, last + MICROS_PER_SECOND)
    this.#at = Math.max(from ?? Number.NEGATIVE_INFINITY, first)
    if (after) this.#continueAfter(after)
  }

  /** Moves on by one slice; undefined at the end. */
  next(): NextSlice | undefined {
    if (this.#at >= this.#end) return undefined
    const to = Math.min(this.#at + this.#length, this.#end)
    const slice = { from: this.#at, to, after: this.#after }
    this.#at = to
    this.#after = undefined
    return slice
  }

  /** Makes later slices longer if one had less than half of `limit` rows. */
  found(rows: number, limit: number): void {
    if (2 * rows < limit) this.#length = Math.min(2 * this.#length, LONGEST)
  }

  /** Continues after the last row that was read of `slice`, which has more; later slices are shorter. */
  goBack(slice: NextSlice, last: Place): void {
    this.#continueAfter(last)
    // A quarter less than fits, so that the next slice does not overflow again.
    this.#length = Math.max(MICROS_PER_SECOND, Math.floor(((this.#at - slice.from) * 3) / 4))
  }

  /** Skips to a later time, because nothing lies before it; undefined ends the walk. */
  skipTo(time: Micros | undefined): void {
    this.#at = time === undefined ? this.#end : Math.max(this.#at, time)
  }

  #continueAfter({ names, values }: Place): void {
    this.#at = readTime(values[0] as string)
    const order = this.#series.map((one) =>
      compareNames(
        SERIES_NAMES.map((name) => one.names[name]),
        names,
      ),
    )
    const before = order.filter((one) => one < 0).length
    // If its series is gone, a half: between two places of the list.
    this.#after = { series: order.includes(0) ? before + 1 : before + 0.5, values }
  }
}
