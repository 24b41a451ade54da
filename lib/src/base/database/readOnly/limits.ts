export interface ReadLimits {
  /** Most rows. */
  readonly limit: number
  /** Rows left out before them. */
  readonly offset: number
  /** Most bytes of the rows as JSON; the first row comes in any case. */
  readonly room: number
  /** Most characters of all values of a row together. */
  readonly width: number
  /** Longest time for all of it together, in milliseconds. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}
