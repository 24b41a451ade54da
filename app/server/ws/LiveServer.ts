import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws'
import { type Logger, QiError, toQiError } from '../../../lib/src/base/index.ts'
import { addressGroup } from '../connections.ts'
import { showError } from '../errors.ts'
import { type Guard, type Identity, REVOKED, unauthorized } from '../guard/guard.ts'
import { refuseOn } from '../refuse.ts'
import type { ServedPlatform } from '../served.ts'
import { liveTopics } from './channels.ts'
import { dispatch } from './dispatch.ts'
import { createFilter } from './filter.ts'
import { INBOX_LIMITS, Inbox, type InboxLimits } from './Inbox.ts'
import { LiveClient } from './LiveClient.ts'
import { type ClientMessage, readMessage, type ServerMessage, type Subscribe } from './messages.ts'
import { type SeatLimits, Seats } from './Seats.ts'
import { Tail } from './Tail.ts'

export interface LiveLimits extends SeatLimits, InboxLimits {
  /** Bytes that may wait to be sent to one client before its records are dropped and its messages wait. */
  readonly bufferBytes: number
  /** How often a client is asked whether it is still there, in milliseconds. */
  readonly pingMs: number
  /** How long a client may take to show its token, in milliseconds. */
  readonly authMs: number
}

const DEFAULTS: LiveLimits = {
  ...INBOX_LIMITS,
  clients: 1_000,
  unauthorized: 64,
  unauthorizedPerAddress: 8,
  bufferBytes: 4 * 1024 * 1024,
  pingMs: 30_000,
  authMs: 3_000,
}

/** Close codes: 1001 the server stops, 1008 too many messages, 1013 too many clients, 4401 no token, a wrong or a revoked one. */
const GOING_AWAY = 1001
const TOO_FAST = 1008
const TRY_LATER = 1013
const NO_TOKEN = 4401

/** How long a client may take to answer a close before its connection is cut, in milliseconds. */
const CLOSE_MS = 1_000

/** The types of `ws` lack `closeTimeout`. */
const OPTIONS: ServerOptions & { readonly closeTimeout: number } = {
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  maxPayload: 64 * 1024,
  maxFragments: 64,
  maxBufferedChunks: 1024,
  closeTimeout: CLOSE_MS,
  // Answers to pings are output like any other: they wait where the client does not read.
  autoPong: false,
}

/** A message of a client: a text, something binary, or a control frame. */
interface Sent {
  readonly kind: 'text' | 'binary' | 'ping' | 'pong'
  readonly data: Buffer
  readonly bytes: number
}

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
  readonly #server = new WebSocketServer(OPTIONS)
  readonly #seats: Seats
  readonly #clients = new Set<LiveClient>()
  readonly #pinging: NodeJS.Timeout
  #tail: Tail | undefined
  #starting = 0
  #gone = { sent: 0, dropped: 0 }
  #closing = false

  constructor(options: LiveOptions) {
    this.#options = options
    this.#limits = { ...DEFAULTS, ...options.limits }
    this.#seats = new Seats(this.#limits)
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

  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { guard, logger } = this.#options
    // Nobody else listens while the token is looked up.
    const gone = () => socket.destroy()
    socket.on('error', gone)
    try {
      const { host, origin, authorization } = request.headers
      guard.checkSite({ host, origin })
      const identity = await guard.identify(authorization)
      const authorized = identity !== undefined
      this.#checkRequest(request.url ?? '')
      socket.off('error', gone)
      if (socket.destroyed) return
      if (!authorized && authorization !== undefined) throw unauthorized()
      const address = addressGroup(request.socket.remoteAddress ?? '')
      this.#seats.expectRoom(address, authorized)
      this.#server.handleUpgrade(request, socket, head, (webSocket) =>
        this.#connected(
          webSocket,
          new LiveClient(webSocket, socket, { bufferBytes: this.#limits.bufferBytes, address, authorized }),
          identity,
        ),
      )
    } catch (error) {
      refuseOn(socket, showError(error, logger, 'GET /ws'))
    }
  }

  async close(drainMs: number): Promise<void> {
    this.#closing = true
    clearInterval(this.#pinging)
    for (const client of this.#clients) client.close(GOING_AWAY, 'the server is stopping')
    // A stream that does not answer must not hold up the stop.
    await Promise.race([this.#tail?.stop(), setTimeout(drainMs, undefined, { ref: false })])
    for (const started = Date.now(); this.#clients.size > 0 && Date.now() - started < drainMs; ) await setTimeout(10)
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
  }

  #connected(socket: WebSocket, client: LiveClient, identity: Identity | undefined): void {
    this.#clients.add(client)
    this.#seats.take(client.address, client.authorized)
    if (identity) this.#closeWhenRevoked(client, identity)
    const patience = client.authorized
      ? undefined
      : globalThis.setTimeout(() => client.authorized || client.close(NO_TOKEN, 'no token came in time'), this.#limits.authMs)
    const inbox = new Inbox<Sent>({
      limits: this.#limits,
      handle: (sent) => this.#received(client, sent),
      room: () => client.room(),
      pause: () => socket.pause(),
      resume: () => socket.resume(),
      overflow: () => client.close(TOO_FAST, 'too many messages at once'),
    })
    const receive = (kind: Sent['kind'], data: Buffer) => inbox.push({ kind, data, bytes: data.length })
    // The default of `binaryType`: a message comes as one Buffer.
    socket.on('message', (data, binary) => receive(binary ? 'binary' : 'text', data as Buffer))
    socket.on('ping', (data) => receive('ping', data))
    socket.on('pong', (data) => client.pong(data) || receive('pong', data))
    socket.on('error', (error) => this.#options.logger.debug({ error }, 'a WebSocket client failed'))
    socket.on('close', () => {
      clearTimeout(patience)
      inbox.close()
      client.released()
      client.unsubscribe()
      this.#clients.delete(client)
      this.#seats.leave(client.address, client.authorized)
      this.#gone = { sent: this.#gone.sent + client.sent, dropped: this.#gone.dropped + client.dropped }
      this.#stopTailIfUnheard()
    })
  }

  async #received(client: LiveClient, { kind, data }: Sent): Promise<void> {
    if (!client.isOpen || kind === 'pong') return
    if (kind === 'ping') return client.answerPing(data)
    let id: ClientMessage['id']
    try {
      if (kind === 'binary')
        throw new QiError('BAD_REQUEST', 'a message is text: a JSON object such as {"type":"subscribe","channel":"prices"}')
      const message = readMessage(data.toString())
      id = message.id
      await this.#obey(client, message)
    } catch (error) {
      client.tell({
        type: 'error',
        ...(id !== undefined && { id }),
        error: showError(error, this.#options.logger, 'WebSocket message').error,
      })
      if (!client.authorized) client.close(NO_TOKEN, 'the first message must be the token')
    }
  }

  async #obey(client: LiveClient, message: ClientMessage): Promise<void> {
    const id = message.id === undefined ? {} : { id: message.id }
    if (message.type === 'auth') {
      if (!client.authorized) {
        const holder = await this.#options.guard.holderOf(message.token)
        if (!holder) return client.close(NO_TOKEN, 'the token is wrong')
        if (!client.isOpen) return
        if (!this.#authorize(client)) return client.close(TRY_LATER, 'too many clients; try again later')
        this.#closeWhenRevoked(client, holder)
      }
      return client.tell({ type: 'authorized', ...id })
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

  /** A client that comes without a token on loopback has none that could be revoked. */
  #closeWhenRevoked(client: LiveClient, { id }: Identity): void {
    client.released = this.#options.guard.whenRevoked(id, () => client.close(NO_TOKEN, REVOKED))
  }

  /** @returns false where all seats are taken */
  #authorize(client: LiveClient): boolean {
    try {
      this.#seats.expectRoom(client.address, true)
    } catch {
      return false
    }
    this.#seats.leave(client.address, false)
    this.#seats.take(client.address, true)
    client.authorized = true
    return true
  }

  async #subscribe(client: LiveClient, { type: _type, coins, ...rest }: Subscribe): Promise<void> {
    const wanted = { ...rest, ...(coins && { coins: await this.#idsOf(coins) }) }
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

  /** The ids of coins that are named by id, ticker or name. Without its store the server takes them as they are. */
  async #idsOf(coins: readonly string[]): Promise<string[]> {
    try {
      return [...new Set(await this.#options.platform.store.reads.dsl.resolveCoins(coins))]
    } catch (failure) {
      if (toQiError(failure).code === 'BAD_REQUEST') throw failure
      return [...coins]
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
