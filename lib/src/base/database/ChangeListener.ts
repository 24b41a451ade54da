import { setTimeout as delay } from 'node:timers/promises'
import { errorMessage, type Logger } from '../types/index.ts'
import type { Pool, PoolClient } from './pool.ts'

export interface ChangeListenerOptions {
  /** A pool of its own with one connection, which follows the database when it moves. */
  readonly pool: Pool
  readonly channel: string
  /** Called when something may have changed: after a notification, after each connection, and now and then. */
  readonly onChange: () => void
  readonly logger: Logger
  /** How often it is called where no notification comes, in milliseconds; default 10,000. */
  readonly pollMs?: number
}

/** Hears of changes that any process of the store announces. A lost notification only delays, since everything is looked up now and then. */
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
        logger.debug({ channel, error: errorMessage(error) }, 'changes cannot be heard yet; connecting again')
      } finally {
        // Closed and not given back: it still listens.
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
