import { setTimeout } from 'node:timers/promises'

export interface InboxLimits {
  /** Sustained rate of messages of one client; faster messages wait, and then the client is paused. */
  readonly messagesPerSecond: number
  /** Most messages at once. */
  readonly burst: number
}

export const INBOX_LIMITS: InboxLimits = { messagesPerSecond: 50, burst: 200 }

export interface InboxParts<M extends { readonly bytes: number }> {
  readonly limits: InboxLimits
  /** Handles one message; must not throw. */
  readonly handle: (message: M) => Promise<void>
  /** Resolves once the output buffer has room for answers. */
  readonly room: () => Promise<void>
  /** Stops reading from the client. */
  readonly pause: () => void
  readonly resume: () => void
  /** Called when more messages wait than are kept. */
  readonly overflow: () => void
}

/** Waiting messages, or bytes of them, at which reading from the client is paused. */
const PAUSE_MESSAGES = 64
const PAUSE_BYTES = 64 * 1024
/** Most waiting messages: a chunk that was read before the pause may have many. */
const MOST_MESSAGES = 1_000

/**
 * The messages of one client, handled one after the other, so that an unsubscribe never overtakes its subscribe. If the client sends faster
 * than it is answered, than it reads answers, or than the limit, reading is paused until the messages are handled.
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

  /** Drops the waiting messages. */
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

  /** Waits until the rate allows one more message. */
  async #pace(): Promise<void> {
    const { burst, messagesPerSecond } = this.#parts.limits
    const now = performance.now()
    this.#allowed = Math.min(burst, this.#allowed + ((now - this.#refilledAt) * messagesPerSecond) / 1000)
    this.#refilledAt = now
    this.#allowed--
    if (this.#allowed < 0) await setTimeout((-this.#allowed * 1000) / messagesPerSecond, undefined, { ref: false })
  }
}
