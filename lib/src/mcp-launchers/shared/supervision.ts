export interface SupervisionOptions {
  /** For handshake and listing together. Default 60 s. */
  readonly startMs?: number
  /** First and longest wait before a restart; waits grow. Default 250 ms and 30 s. */
  readonly backoffMs?: number
  readonly maxBackoffMs?: number
  /** After this much time ready, waits start from the first again. Default 60 s. */
  readonly healthyMs?: number
  /** Grace period of a stop, and again after SIGTERM. Default 2 s. */
  readonly graceMs?: number
  /** Poll interval of a server at a URL. Default 30 s. */
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
