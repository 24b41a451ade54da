/** Limits of one call. All apply to every call unless the caller raises one. */
export interface HttpBounds {
  /** From the call to the end of the body, in milliseconds. Default 30,000. */
  readonly totalMs: number
  /** Longest silence before the headers, and between two parts of the body, in milliseconds. Default 15,000. */
  readonly idleMs: number
  /** For a connection, TLS included, in milliseconds. Default 10,000. */
  readonly connectMs: number
  /** Bytes of a body, both as sent and unpacked. Default 32 MiB. */
  readonly maxBytes: number
  /** Bytes of all headers. Default 16 KiB. */
  readonly maxHeaderBytes: number
}

export const HTTP_BOUNDS: HttpBounds = {
  totalMs: 30_000,
  idleMs: 15_000,
  connectMs: 10_000,
  maxBytes: 32 * 1024 * 1024,
  maxHeaderBytes: 16 * 1024,
}

/** The most redirects that one call follows. */
export const MAX_REDIRECTS = 5

/** Node's timers fire at once beyond this many milliseconds; longer bounds are none. */
export const LONGEST_TIMER = 2 ** 31 - 1
