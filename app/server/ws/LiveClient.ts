import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { Feed } from '../live/Feed.ts'
import type { ServerMessage } from '../live/messages.ts'
import type { Outlet } from '../live/Outlet.ts'

const TEXT = { binary: false }
/** Close code for a client that is cut off and may reconnect. */
const TRY_LATER = 1013

export interface LiveClientOptions {
  readonly bufferBytes: number
  readonly address: string
  readonly authorized: boolean
}

/** One WebSocket with its subscriptions. Its output is full while more than `bufferBytes` wait to be sent. */
export class LiveClient implements Outlet {
  readonly #socket: WebSocket
  readonly #wire: Duplex
  readonly #bufferBytes: number
  /** Its subscriptions by channel. */
  readonly feeds = new Map<string, Feed>()
  #roomAgain: PromiseWithResolvers<void> | undefined
  /** Payload of the last ping, until it is answered. */
  #asked: Buffer | undefined
  /** Its address group, for the limits. */
  readonly address: string
  authorized: boolean
  /** Called when the connection has closed, to end the watch of its token. */
  released: () => void = () => {}

  constructor(socket: WebSocket, wire: Duplex, options: LiveClientOptions) {
    this.#socket = socket
    this.#wire = wire
    this.#bufferBytes = options.bufferBytes
    this.address = options.address
    this.authorized = options.authorized
    socket.once('close', () => this.#roomAgain?.resolve())
  }

  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN
  }

  get isFull(): boolean {
    return this.#socket.bufferedAmount > this.#bufferBytes
  }

  send(message: Uint8Array): void {
    if (this.isOpen) this.#socket.send(message, TEXT, this.#whenSent)
  }

  tell(message: ServerMessage): void {
    if (this.isOpen) this.#socket.send(JSON.stringify(message), TEXT, this.#whenSent)
  }

  /** Resolves at once unless the buffer is full; then when half of it is free, or the client is gone. */
  room(): Promise<void> {
    if (!this.isOpen || !this.isFull) return Promise.resolve()
    this.#roomAgain ??= Promise.withResolvers()
    return this.#roomAgain.promise
  }

  hold(): void {
    this.#wire.cork()
  }

  release(): void {
    this.#wire.uncork()
  }

  cutOff(reason: string): void {
    this.close(TRY_LATER, reason)
  }

  /** Sends a ping with a random payload. */
  ping(): void {
    this.#asked = randomBytes(8)
    this.#socket.ping(this.#asked)
  }

  /** False while a ping is unanswered. */
  get alive(): boolean {
    return this.#asked === undefined
  }

  /** @returns true if it answers the last ping; a client that reads nothing could send unsolicited pongs */
  pong(data: Buffer): boolean {
    const answers = this.#asked?.equals(data) ?? false
    if (answers) this.#asked = undefined
    return answers
  }

  answerPing(data: Buffer): void {
    if (this.isOpen) this.#socket.pong(data, false, this.#whenSent)
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason)
  }

  terminate(): void {
    this.#socket.terminate()
  }

  readonly #whenSent = (): void => {
    if (this.#socket.bufferedAmount > this.#bufferBytes / 2) return
    this.#roomAgain?.resolve()
    this.#roomAgain = undefined
    for (const feed of this.feeds.values()) feed.tellDropped()
  }
}
