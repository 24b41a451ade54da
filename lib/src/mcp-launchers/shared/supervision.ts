export interface SupervisionOptions {
  /** For handshake and listing together. Default 60 s. */
  readonly startMs?: number
  /** The first wait before it is started again, which grows; and the longest. Default 250 ms and 30 s. */
  readonly backoffMs?: number
  readonly maxBackoffMs?: number
  /** A server that was ready for so long begins with the first wait again. Default 60 s. */
  readonly healthyMs?: number
  /** How long it may take to end by itself, and again after SIGTERM. Default 2 s. */
  readonly graceMs?: number
  /** How often a server at a URL is asked whether it is still there. Default 30 s. */
  readonly probeMs?: number
  /** A call that takes too long ends the server with it; for one that runs code. Default false. */
  readonly endOnTimeout?: boolean
}

export const SUPERVISION: Required<SupervisionOptions> = {
  startMs: 60_000,
  backoffMs: 250,
  maxBackoffMs: 30_000,
  healthyMs: 60_000,
  graceMs: 2_000,
  probeMs: 30_000,
  endOnTimeout: false,
}
