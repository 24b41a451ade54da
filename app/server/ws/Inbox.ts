import { setTimeout } from 'node:timers/promises'

export interface InboxLimits {
  /** Messages a second that a client may send for long; beyond it they wait, and then the client does. */
  readonly messagesPerSecond: number
  /** Messages it may send at once. */
  readonly burst: number
}

export const INBOX_LIMITS: InboxLimits = { messagesPerSecond: 50, burst: 200 }

export interface InboxParts<M extends { readonly bytes: number }> {
  readonly limits: InboxLimits
  /** Acts on one message; must not throw. */
  readonly handle: (message: M) => Promise<void>
  /** Resolves once answers have room again. */
  readonly room: () => Promise<void>
  /** Stops and continues reading from the client. */
  readonly pause: () => void
  readonly resume: () => void
  /** The client sent more than may wait, although it was not read from any more. */
  readonly overflow: () => void
}

/** Messages and bytes that may wait before the client is no longer read from. */
const PAUSE_MESSAGES = 64
const PAUSE_BYTES = 64 * 1024
/** A chunk that was read already may hold many messages: so many of them are kept. */
const MOST_MESSAGES = 1_000

/**
 * The messages of one client, handled one after the other: an unsubscribe must not overtake its subscribe. Where the client sends
 * faster than it is answered, than it reads the answers, or than the limit, it is not read from until it has caught up.
 */
export class Inbox<M extends { readonly bytes: number }> {
  readonly #parts: InboxParts<M>
  #waiting: M[] = []
  #bytes = 0
  #paused = false
  #working = false
  #closed = false
  #allowed: number
  #refilledAt = performance.now()

  constructor(parts: InboxParts<M>) {
    this.#parts = parts
    this.#allowed = parts.limits.burst
  }

  push(message: M): void {
    if (this.#closed) return
    this.#waiting.push(message)
    this.#bytes += message.bytes
    if (this.#waiting.length > MOST_MESSAGES) {
      this.close()
      this.#parts.overflow()
      return
    }
    if (!this.#paused && (this.#waiting.length >= PAUSE_MESSAGES || this.#bytes >= PAUSE_BYTES)) {
      this.#paused = true
      this.#parts.pause()
    }
    if (!this.#working) void this.#work()
  }

  /** Forgets what waits. */
  close(): void {
    this.#closed = true
    this.#waiting = []
  }

  async #work(): Promise<void> {
    this.#working = true
    for (let message = this.#waiting.shift(); message; message = this.#waiting.shift()) {
      this.#bytes -= message.bytes
      await this.#pace()
      await this.#parts.room()
      if (this.#closed) break
      await this.#parts.handle(message)
    }
    this.#working = false
    if (this.#closed || !this.#paused) return
    this.#paused = false
    this.#parts.resume()
  }

  /** Waits until the rate allows one more. */
  async #pace(): Promise<void> {
    const { burst, messagesPerSecond } = this.#parts.limits
    const now = performance.now()
    this.#allowed = Math.min(burst, this.#allowed + ((now - this.#refilledAt) * messagesPerSecond) / 1000)
    this.#refilledAt = now
    this.#allowed--
    if (this.#allowed < 0) await setTimeout((-this.#allowed * 1000) / messagesPerSecond, undefined, { ref: false })
  }
}
