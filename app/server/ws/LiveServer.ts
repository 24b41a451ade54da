import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws'
import { type Logger, QiError } from '../../../lib/src/base/types/index.ts'
import { addressGroup } from '../connections.ts'
import { showError } from '../errors.ts'
import { type Guard, type Identity, REVOKED, unauthorized } from '../guard/guard.ts'
import type { LiveHub } from '../live/LiveHub.ts'
import type { LiveLimits } from '../live/limits.ts'
import { type ClientMessage, readMessage, type Subscribe } from '../live/messages.ts'
import type { Seats } from '../live/Seats.ts'
import { refuseOn } from '../refuse.ts'
import { Inbox } from './Inbox.ts'
import { LiveClient } from './LiveClient.ts'

/** Close codes: 1001 the server stops, 1008 too many messages, 1013 too many clients, 4401 the token is missing, wrong or revoked. */
const GOING_AWAY = 1001
const TOO_FAST = 1008
const TRY_LATER = 1013
const NO_TOKEN = 4401

/** Longest wait for the answer to a close, in milliseconds. */
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
  // Pongs are sent by LiveClient, as output that waits for a slow client.
  autoPong: false,
}

/** A message of a client: text, binary, or a control frame. */
interface Sent {
  readonly kind: 'text' | 'binary' | 'ping' | 'pong'
  readonly data: Buffer
  readonly bytes: number
}

export interface LiveServerParts {
  readonly hub: LiveHub
  readonly seats: Seats
  readonly guard: Guard
  readonly logger: Logger
  readonly limits: LiveLimits
}

/** Live subscriptions over WebSocket. */
export class LiveServer {
  readonly #options: LiveServerParts
  readonly #limits: LiveLimits
  readonly #server = new WebSocketServer(OPTIONS)
  readonly #seats: Seats
  readonly #clients = new Set<LiveClient>()
  readonly #pinging: NodeJS.Timeout
  readonly #counts = { sent: 0, dropped: 0 }
  #closing = false

  constructor(parts: LiveServerParts) {
    this.#options = parts
    this.#limits = parts.limits
    this.#seats = parts.seats
    this.#pinging = setInterval(() => this.#ping(), this.#limits.pingMs)
  }

  stats(): { readonly clients: number; readonly sent: number; readonly dropped: number } {
    return { clients: this.#clients.size, ...this.#counts }
  }

  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { guard, logger } = this.#options
    // The socket has no other error listener while the token is looked up.
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
    // By the default of `binaryType` a message is one Buffer.
    socket.on('message', (data, binary) => receive(binary ? 'binary' : 'text', data as Buffer))
    socket.on('ping', (data) => receive('ping', data))
    socket.on('pong', (data) => client.pong(data) || receive('pong', data))
    socket.on('error', (error) => this.#options.logger.debug({ err: error }, 'a WebSocket client failed'))
    socket.on('close', () => {
      clearTimeout(patience)
      inbox.close()
      client.released()
      for (const channel of client.feeds.keys()) this.#unsubscribe(client, channel)
      this.#clients.delete(client)
      this.#seats.leave(client.address, client.authorized)
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
        if (!client.feeds.has(message.channel))
          throw new QiError('NOT_FOUND', `there is no subscription to ${message.channel}`, { field: 'channel' })
        this.#unsubscribe(client, message.channel)
        return client.tell({ type: 'unsubscribed', ...id, channel: message.channel })
      case 'ping':
        return client.tell({ type: 'pong', ...id })
    }
  }

  /** Closes the connection when the client's token is revoked or expires. A client without a token has nothing to revoke. */
  #closeWhenRevoked(client: LiveClient, { id }: Identity): void {
    client.released = this.#options.guard.whenRevoked(id, () => client.close(NO_TOKEN, REVOKED))
  }

  /** @returns false if all seats are taken */
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

  async #subscribe(client: LiveClient, { type: _type, id, from, ...asked }: Subscribe): Promise<void> {
    const start = from === undefined ? undefined : { text: from, field: 'from' }
    const feed = await this.#options.hub.open(
      { ...asked, from: start, lossless: start !== undefined },
      client,
      this.#counts,
      ({ channel, coins, sources, currencies }, resume) => {
        this.#unsubscribe(client, channel)
        client.tell({
          type: 'subscribed',
          ...(id !== undefined && { id }),
          ...{ channel, coins, sources, currencies, batch: asked.batch },
          ...(resume !== undefined && { resume }),
        })
      },
    )
    if (!feed) return
    if (this.#clients.has(client)) client.feeds.set(feed.channel, feed)
    else this.#options.hub.end(feed)
  }

  #unsubscribe(client: LiveClient, channel: string): void {
    const feed = client.feeds.get(channel)
    client.feeds.delete(channel)
    if (feed) this.#options.hub.end(feed)
  }

  #ping(): void {
    for (const client of this.#clients)
      if (client.alive) client.ping()
      else client.terminate()
    this.#options.hub.tellPositions()
  }
}
