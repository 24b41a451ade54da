import { INBOX_LIMITS, type InboxLimits } from '../ws/Inbox.ts'
import { READER_LIMITS, type ReaderLimits } from './Readers.ts'
import type { SeatLimits } from './Seats.ts'

export interface LiveLimits extends SeatLimits, InboxLimits, ReaderLimits {
  /** Size of the output buffer of one client; when it is full, records are dropped or wait, and messages of the client wait. */
  readonly bufferBytes: number
  /** Interval of pings, and of messages that tell how far the stream was read, in milliseconds. */
  readonly pingMs: number
  /** Longest time until a client sends its token, in milliseconds. */
  readonly authMs: number
}

export const LIVE_LIMITS: LiveLimits = {
  ...INBOX_LIMITS,
  ...READER_LIMITS,
  clients: 1_000,
  unauthorized: 64,
  unauthorizedPerAddress: 8,
  bufferBytes: 4 * 1024 * 1024,
  pingMs: 30_000,
  authMs: 3_000,
}
