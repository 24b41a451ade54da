import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { RecordValues } from '../../../lib/src/base/index.ts'
import type { Filter } from './filter.ts'
import type { ServerMessage, Subscribe } from './messages.ts'

interface Subscription {
  readonly filter: Filter
  readonly batch: boolean
  /** Of the batch that is being read, where several records go into one message. */
  collected: Uint8Array[]
}

const TEXT = { binary: false }
const COMMA = Buffer.from(',')
const END = Buffer.from(']}')

/**
 * One connection: what it subscribed to, and a bounded way out. While more than `bufferBytes` wait to be sent to it, records
 * for it are dropped, counted, and told of as soon as it has caught up: prices are of use when they are fresh.
 */
export class LiveClient {
  readonly #socket: WebSocket
  readonly #wire: Duplex
  readonly #bufferBytes: number
  readonly #subscriptions = new Map<string, Subscription>()
  readonly #dropped = new Map<string, number>()
  #roomAgain: PromiseWithResolvers<void> | undefined
  /** The payload of our last ping, until it is answered. */
  #asked: Buffer | undefined
  /** The address group that it counts under. */
  readonly address: string
  authorized: boolean
  /** Called when the connection is gone: nobody watches its token any more. */
  released: () => void = () => {}
  sent = 0
  dropped = 0

  constructor(
    socket: WebSocket,
    wire: Duplex,
    options: { readonly bufferBytes: number; readonly address: string; readonly authorized: boolean },
  ) {
    this.#socket = socket
    this.#wire = wire
    this.#bufferBytes = options.bufferBytes
    this.address = options.address
    this.authorized = options.authorized
    socket.once('close', () => this.#roomAgain?.resolve())
  }

  get subscribed(): boolean {
    return this.#subscriptions.size > 0
  }

  tell(message: ServerMessage): void {
    if (this.isOpen) this.#socket.send(JSON.stringify(message), TEXT, this.#whenSent)
  }

  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN
  }

  /** Resolves once half of the buffer is free again where it is full, and when the client is gone. */
  room(): Promise<void> {
    if (!this.isOpen || this.#socket.bufferedAmount <= this.#bufferBytes) return Promise.resolve()
    this.#roomAgain ??= Promise.withResolvers()
    return this.#roomAgain.promise
  }

  subscribe(channel: string, filter: Filter, { batch }: Pick<Subscribe, 'batch'>): void {
    this.#subscriptions.set(channel, { filter, batch, collected: [] })
  }

  unsubscribe(channel?: string): void {
    if (channel === undefined) this.#subscriptions.clear()
    else this.#subscriptions.delete(channel)
  }

  listens(channel: string): boolean {
    return this.#subscriptions.has(channel)
  }

  mayWant(channel: string, key: string | null): boolean {
    return this.#subscriptions.get(channel)?.filter.mayWant(key) ?? false
  }

  /** Sends the record if it is wanted; `frame` makes its message, once for all clients. */
  offer(channel: string, record: RecordValues, value: Uint8Array, frame: () => Uint8Array): void {
    const subscription = this.#subscriptions.get(channel)
    if (!subscription?.filter.wants(record)) return
    if (subscription.batch) subscription.collected.push(value)
    else this.#send(channel, frame(), 1)
  }

  /** Holds frames back, so that those of one batch leave together. */
  hold(): void {
    this.#wire.cork()
  }

  flush(channel: string): void {
    const subscription = this.#subscriptions.get(channel)
    const collected = subscription?.collected ?? []
    if (subscription && collected.length > 0) {
      subscription.collected = []
      const start = Buffer.from(`{"type":"records","channel":"${channel}","data":[`)
      this.#send(
        channel,
        Buffer.concat([start, ...collected.flatMap((value, i) => (i === 0 ? [value] : [COMMA, value])), END]),
        collected.length,
      )
    }
    this.#wire.uncork()
  }

  /** Asks whether it is still there. */
  ping(): void {
    this.#asked = randomBytes(8)
    this.#socket.ping(this.#asked)
  }

  /** True until a ping of ours stays without an answer. */
  get alive(): boolean {
    return this.#asked === undefined
  }

  /** @returns whether it answers our ping: a client could send pongs that nobody asked for, and read nothing */
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

  #send(channel: string, frame: Uint8Array, records: number): void {
    if (!this.isOpen) return
    if (this.#socket.bufferedAmount > this.#bufferBytes) {
      this.#dropped.set(channel, (this.#dropped.get(channel) ?? 0) + records)
      this.dropped += records
      return
    }
    this.sent += records
    this.#socket.send(frame, TEXT, this.#whenSent)
  }

  readonly #whenSent = (): void => {
    if (this.#socket.bufferedAmount > this.#bufferBytes / 2) return
    this.#roomAgain?.resolve()
    this.#roomAgain = undefined
    if (this.#dropped.size === 0) return
    const dropped = [...this.#dropped]
    this.#dropped.clear()
    for (const [channel, records] of dropped) this.tell({ type: 'dropped', channel, records })
  }
}
