import type { ServerMessage } from './messages.ts'

/** Output to one client: a WebSocket or an event stream. */
export interface Outlet {
  readonly isOpen: boolean
  /** True if the output buffer is full. */
  readonly isFull: boolean
  /**
   * Sends a message as the bytes of its JSON.
   * @param resume the token of the place after the message
   */
  send(message: Uint8Array, resume: string): void
  tell(message: ServerMessage): void
  /** Resolves once the buffer has room again, or the client is gone. */
  room(): Promise<void>
  /** Collects messages until `release`, so that those of one batch are sent together. */
  hold(): void
  release(): void
  /** Closes the connection; the client may reconnect and resume. */
  cutOff(reason: string): void
}
