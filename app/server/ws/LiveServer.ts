import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import { type Logger, QiError } from '../../../lib/src/base/index.ts'
import { showError } from '../errors.ts'
import { type Guard, unauthorized } from '../guard/guard.ts'
import { refuseOn } from '../refuse.ts'
import type { ServedPlatform } from '../served.ts'
import { liveTopics } from './channels.ts'
import { dispatch } from './dispatch.ts'
import { createFilter } from './filter.ts'
import { LiveClient } from './LiveClient.ts'
import { type ClientMessage, readMessage, type ServerMessage, type Subscribe } from './messages.ts'
import { Tail } from './Tail.ts'

export interface LiveLimits {
  /** Most connections at once. */
  readonly clients: number
  /** Bytes that may wait to be sent to one client before its records are dropped. */
  readonly bufferBytes: number
  /** How often a client is asked whether it is still there, in milliseconds. */
  readonly pingMs: number
  /** How long a client may take to show its token, in milliseconds. */
  readonly authMs: number
}

const DEFAULTS: LiveLimits = { clients: 1_000, bufferBytes: 4 * 1024 * 1024, pingMs: 30_000, authMs: 5_000 }

/** Close codes: 1001 the server stops, 4401 no token or a wrong one. */
const GOING_AWAY = 1001
const NO_TOKEN = 4401

const INTERRUPTED = {
  type: 'interrupted',
  message: 'the stream cannot be read just now; once it can, reading goes on from where it was',
} as const

export interface LiveOptions {
  readonly platform: ServedPlatform
  readonly guard: Guard
  readonly logger: Logger
  readonly limits?: Partial<LiveLimits>
}

/** Live subscriptions over WebSocket, fed by one tail of the stream that runs while anybody listens. */
export class LiveServer {
  readonly #options: LiveOptions
  readonly #limits: LiveLimits
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: 64 * 1024,
  })
  readonly #clients = new Set<LiveClient>()
  readonly #pinging: NodeJS.Timeout
  #tail: Tail | undefined
  #starting = 0
  #gone = { sent: 0, dropped: 0 }
  #closing = false

  constructor(options: LiveOptions) {
    this.#options = options
    this.#limits = { ...DEFAULTS, ...options.limits }
    this.#pinging = setInterval(() => this.#ping(), this.#limits.pingMs)
  }

  stats(): { readonly clients: number; readonly sent: number; readonly dropped: number } {
    let { sent, dropped } = this.#gone
    for (const client of this.#clients) {
      sent += client.sent
      dropped += client.dropped
    }
    return { clients: this.#clients.size, sent, dropped }
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { guard, logger } = this.#options
    try {
      const { host, origin, authorization } = request.headers
      guard.checkSite({ host, origin, authorization })
      this.#checkRequest(request.url ?? '')
      const authorized = guard.isAuthorized({ authorization })
      if (!authorized && authorization !== undefined) throw unauthorized()
      this.#server.handleUpgrade(request, socket, head, (webSocket) => this.#connected(webSocket, socket, authorized))
    } catch (error) {
      refuseOn(socket, showError(error, logger, 'GET /ws'))
    }
  }

  async close(drainMs: number): Promise<void> {
    this.#closing = true
    clearInterval(this.#pinging)
    for (const client of this.#clients) client.close(GOING_AWAY, 'the server is stopping')
    await this.#tail?.stop()
    for (const started = Date.now(); this.#clients.size > 0 && Date.now() - started < drainMs; )
      await new Promise((resolve) => setTimeout(resolve, 10))
    for (const client of this.#clients) client.terminate()
  }

  #checkRequest(url: string): void {
    const [path, query] = url.split('?')
    if (path !== '/ws') throw new QiError('NOT_FOUND', 'WebSockets are at /ws')
    if (query !== undefined)
      throw new QiError(
        'BAD_REQUEST',
        '/ws takes no parameters: a token goes into the Authorization header, or into a first message {"type":"auth","token":"…"}',
      )
    if (this.#closing) throw new QiError('CLOSED', 'the server is stopping')
    if (this.#clients.size >= this.#limits.clients)
      throw new QiError('RATE_LIMITED', `there are ${this.#limits.clients} WebSocket clients already; try again later`, {
        retryAfterMs: 10_000,
      })
  }

  #connected(socket: WebSocket, wire: Duplex, authorized: boolean): void {
    const client = new LiveClient(socket, wire, { bufferBytes: this.#limits.bufferBytes, authorized })
    this.#clients.add(client)
    const patience = authorized
      ? undefined
      : setTimeout(() => client.authorized || client.close(NO_TOKEN, 'no token came in time'), this.#limits.authMs)
    let work = Promise.resolve()
    socket.on('message', (data, binary) => {
      // One after the other: an unsubscribe must not overtake its subscribe.
      work = work.then(() => this.#received(client, data, binary))
    })
    socket.on('pong', () => {
      client.alive = true
    })
    socket.on('error', (error) => this.#options.logger.debug({ error }, 'a WebSocket client failed'))
    socket.on('close', () => {
      clearTimeout(patience)
      client.unsubscribe()
      this.#clients.delete(client)
      this.#gone = { sent: this.#gone.sent + client.sent, dropped: this.#gone.dropped + client.dropped }
      this.#stopTailIfUnheard()
    })
  }

  async #received(client: LiveClient, data: RawData, binary: boolean): Promise<void> {
    let id: ClientMessage['id']
    try {
      if (binary)
        throw new QiError('BAD_REQUEST', 'a message is text: a JSON object such as {"type":"subscribe","channel":"prices"}')
      const message = readMessage(data.toString())
      id = message.id
      await this.#obey(client, message)
    } catch (error) {
      client.tell({
        type: 'error',
        ...(id !== undefined && { id }),
        ...showError(error, this.#options.logger, 'WebSocket message').body,
      })
    }
  }

  async #obey(client: LiveClient, message: ClientMessage): Promise<void> {
    const id = message.id === undefined ? {} : { id: message.id }
    if (message.type === 'auth') {
      client.authorized ||= this.#options.guard.accepts(message.token)
      if (client.authorized) return client.tell({ type: 'authorized', ...id })
      return client.close(NO_TOKEN, 'the token is wrong')
    }
    if (!client.authorized)
      throw new QiError('UNAUTHORIZED', 'the first message is {"type":"auth","token":"…"} with the value of QICORE_TOKEN', {
        field: 'token',
      })
    switch (message.type) {
      case 'subscribe':
        return this.#subscribe(client, message)
      case 'unsubscribe':
        if (!client.listens(message.channel))
          throw new QiError('NOT_FOUND', `there is no subscription to ${message.channel}`, { field: 'channel' })
        client.unsubscribe(message.channel)
        this.#stopTailIfUnheard()
        return client.tell({ type: 'unsubscribed', ...id, channel: message.channel })
      case 'ping':
        return client.tell({ type: 'pong', ...id })
    }
  }

  async #subscribe(client: LiveClient, { type: _type, ...wanted }: Subscribe): Promise<void> {
    const filter = createFilter(wanted)
    this.#starting++
    try {
      this.#tail ??= this.#openTail()
      const tail = this.#tail
      await tail.ready
      // Gone while the tail was starting.
      if (!this.#clients.has(client)) return
      client.tell({ type: 'subscribed', ...wanted })
      client.subscribe(wanted.channel, filter, wanted)
      if (tail.interrupted) client.tell(INTERRUPTED)
    } finally {
      this.#starting--
      this.#stopTailIfUnheard()
    }
  }

  #openTail(): Tail {
    const tell = (message: ServerMessage) => {
      for (const client of this.#clients) if (client.subscribed) client.tell(message)
    }
    return new Tail({
      stream: () => this.#options.platform.stream,
      topics: liveTopics,
      logger: this.#options.logger,
      onBatch: (batch) => dispatch(batch, this.#clients),
      onInterrupted: () => tell(INTERRUPTED),
      onResumed: () => tell({ type: 'resumed' }),
    })
  }

  #stopTailIfUnheard(): void {
    if (this.#starting > 0 || [...this.#clients].some((client) => client.subscribed)) return
    void this.#tail?.stop()
    this.#tail = undefined
  }

  #ping(): void {
    for (const client of this.#clients)
      if (client.alive) client.ping()
      else client.terminate()
  }
}
