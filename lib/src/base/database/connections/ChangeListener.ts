import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '../../types/index.ts'
import type { Pool, PoolClient } from './pool.ts'

export interface ChangeListenerOptions {
  /** A pool used by this listener alone, with one connection. It must follow the database when its address changes. */
  readonly pool: Pool
  readonly channel: string
  /** Called when something may have changed: after a notification, after each connect, and every `pollMs`. */
  readonly onChange: () => void
  readonly logger: Logger
  /** Polling interval in milliseconds; default 10,000. */
  readonly pollMs?: number
}

/** Listens to a NOTIFY channel of the store. A lost notification only causes a delay, since the listener also polls. */
export class ChangeListener {
  readonly #options: ChangeListenerOptions
  readonly #closed = new AbortController()
  readonly #polling: NodeJS.Timeout
  readonly #listening: Promise<void>

  constructor(options: ChangeListenerOptions) {
    this.#options = options
    this.#polling = setInterval(options.onChange, options.pollMs ?? 10_000)
    this.#polling.unref()
    this.#listening = this.#listen()
  }

  async #listen(): Promise<void> {
    const { pool, channel, onChange, logger } = this.#options
    const { signal } = this.#closed
    const closed = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
    for (let wait = 100; !signal.aborted; wait = Math.min(wait * 2, 5_000)) {
      let client: PoolClient | undefined
      try {
        client = await pool.connect()
        const ended = new Promise<void>((resolve) => client?.once('end', resolve))
        client.on('notification', onChange)
        await client.query(`listen ${channel}`)
        wait = 100
        onChange()
        await Promise.race([ended, closed])
      } catch (error) {
        logger.debug({ channel, err: error }, 'cannot listen for changes; connecting again')
      } finally {
        // Destroyed, not returned to the pool: the session is still listening.
        client?.release(true)
      }
      await delay(wait, undefined, { signal, ref: false }).catch(() => {})
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#polling)
    this.#closed.abort()
    await this.#listening
  }
}
