import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import type { Logger } from '../../base/types/index.ts'
import { toQiError } from '../../base/types/index.ts'
import type { Connections } from './Connections.ts'
import { CHANNEL, decodeNotice, type Notice } from './notify.ts'

/** Called with each notice; with undefined after a lost connection, when notices may have been missed. */
export type OnNotice = (notice: Notice | undefined) => void

/**
 * One connection that listens for notices, shared by all readers of a client. When it is lost it reconnects until close(), and
 * then tells the subscribers that notices may have been missed.
 */
export class Listener {
  /** Marks this client's own notices: its subscribers were told directly, so the notice is ignored when the server delivers it. */
  readonly self: string = randomUUID()
  readonly #connections: Connections
  readonly #logger: Logger
  readonly #subscribers = new Set<OnNotice>()
  readonly #closed = new AbortController()
  #client: pg.Client | undefined
  #running: Promise<void> | undefined

  constructor(connections: Connections, logger: Logger) {
    this.#connections = connections
    this.#logger = logger
  }

  /** Starts listening; resolves once every later notice will be received. */
  async open(): Promise<void> {
    if (this.#running) return
    const client = await this.#connect()
    this.#running = this.#run(client)
  }

  /** @returns a function that ends the subscription */
  subscribe(onNotice: OnNotice): () => void {
    this.#subscribers.add(onNotice)
    return () => this.#subscribers.delete(onNotice)
  }

  async #connect(): Promise<pg.Client> {
    const client = await this.#connections.session(this.#closed.signal)
    client.on('notification', ({ payload }) => {
      const notice = decodeNotice(payload ?? '')
      if (notice && !(notice.kind === 'data' && notice.from === this.self)) this.emit(notice)
    })
    await client.query(`listen ${CHANNEL}`)
    return client
  }

  async #run(first: pg.Client): Promise<void> {
    let client: pg.Client | undefined = first
    for (let wait = 50; !this.#closed.signal.aborted; ) {
      if (client) {
        const ended = new Promise<void>((resolve) => client?.once('end', () => resolve()))
        this.#client = client
        this.emit(undefined)
        wait = 50
        await ended
        if (this.#closed.signal.aborted) return
        this.#logger.warn({}, 'the connection for notices of new messages was lost; reconnecting')
      }
      client = await this.#connect().catch((error: unknown) => {
        this.#logger.debug({ err: toQiError(error) }, 'cannot listen yet')
        return undefined
      })
      if (!client) await delay(wait, undefined, { signal: this.#closed.signal }).catch(() => {})
      wait = Math.min(wait * 2, 1000)
    }
    await client?.end().catch(() => {})
  }

  /** Calls the subscribers of this client directly, without the server. */
  emit(notice: Notice | undefined): void {
    for (const onNotice of this.#subscribers) onNotice(notice)
  }

  async close(): Promise<void> {
    this.#closed.abort()
    await this.#client?.end().catch(() => {})
    await this.#running
  }
}
