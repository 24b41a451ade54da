import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import type { Logger } from '../../base/index.ts'
import { toQiError } from '../../base/index.ts'
import type { Connections } from './connections.ts'
import { CHANNEL, decodeNotice, type Notice } from './notify.ts'

/** Hears a notice; undefined says that some may have been missed. */
export type OnNotice = (notice: Notice | undefined) => void

/** One connection that listens, for all readers of a client; made again whenever it is lost. */
export class Listener {
  /** Marks what this client announces and has told its own ears already: it is not told again when it comes back. */
  readonly self: string = randomUUID()
  readonly #connections: Connections
  readonly #logger: Logger
  readonly #ears = new Set<OnNotice>()
  readonly #closed = new AbortController()
  #client: pg.Client | undefined
  #running: Promise<void> | undefined

  constructor(connections: Connections, logger: Logger) {
    this.#connections = connections
    this.#logger = logger
  }

  /** Starts listening with the first ear; resolves once nothing that is announced from now on is missed. */
  async open(): Promise<void> {
    if (this.#running) return
    const client = await this.#connect()
    this.#running = this.#run(client)
  }

  /** @returns how to stop hearing */
  hear(ear: OnNotice): () => void {
    this.#ears.add(ear)
    return () => this.#ears.delete(ear)
  }

  async #connect(): Promise<pg.Client> {
    const client = await this.#connections.session(this.#closed.signal)
    client.on('notification', ({ payload }) => {
      const notice = decodeNotice(payload ?? '')
      if (notice && !(notice.kind === 'data' && notice.from === this.self)) this.tell(notice)
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
        this.tell(undefined)
        wait = 50
        await ended
        if (this.#closed.signal.aborted) return
        this.#logger.warn({}, 'the connection that hears of new messages was lost; connecting again')
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

  /** Tells the ears of this client, without a way through the server. */
  tell(notice: Notice | undefined): void {
    for (const ear of this.#ears) ear(notice)
  }

  async close(): Promise<void> {
    this.#closed.abort()
    await this.#client?.end().catch(() => {})
    await this.#running
  }
}
