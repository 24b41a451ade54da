import type { Timeframe } from '../../types/index.ts'

/** The names of a series: the leading columns of the tables. */
export interface SeriesKey {
  readonly coinId: string
  readonly source: string
  readonly currency: string
}

/** The figures of one coin at one source in one currency. */
export interface Series extends SeriesKey {
  /** True if its latest row is simulated. */
  readonly simulated: boolean
  /** Time of its latest row, in microseconds. */
  readonly latest: number
}

/** One kind of data of a series: bars of a timeframe, trades or prices; and the times of its first and its newest row. */
export interface StoredPart {
  readonly kind: Timeframe | 'trades' | 'prices'
  /** Undefined if only rolled-up bars are left of the records. A time before the earliest readable one counts as that one. */
  readonly first: number | undefined
  readonly latest: number
}

/** A series, and the kinds of data that are stored of it. */
export interface StoredSeries extends Series {
  readonly parts: readonly StoredPart[]
}

/** The kind of data that a bucket is built from if no bar of its own length is stored. */
export type Material = StoredPart['kind']
