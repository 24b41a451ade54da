/** The limits of one query. */
export interface ReadLimits {
  /** The most rows. */
  readonly limit: number
  /** Rows to skip. */
  readonly offset: number
  /** The most bytes of the rows as JSON; the first row is always included. */
  readonly room: number
  /** The most characters of all values of a row together. */
  readonly width: number
  /** The longest time for everything together, in milliseconds. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}
