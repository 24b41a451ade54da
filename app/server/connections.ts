import type { Server, ServerOptions } from 'node:http'
import { isIPv6, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { isLoopback } from '../../lib/src/base/networking/index.ts'
import { type Logger, QiError, silentLogger } from '../../lib/src/base/types/index.ts'
import { type ShownError, showError } from './errors.ts'
import { type OutputLimits, OutputWatch } from './output.ts'

export interface ConnectionLimits extends OutputLimits {
  /** Most connections at once, WebSockets included. */
  readonly connections: number
  /** Most connections of one address; loopback has no limit of its own. */
  readonly connectionsPerAddress: number
  /** Longest time from the connection to the end of the request headers, in milliseconds. */
  readonly headersMs: number
  /** Longest time of a whole request, in milliseconds. */
  readonly requestMs: number
}

export const CONNECTION_LIMITS: ConnectionLimits = {
  connections: 2_000,
  connectionsPerAddress: 200,
  headersMs: 10_000,
  requestMs: 60_000,
  outputBytes: 128 * 1024 * 1024,
  stalledMs: 30_000,
}

/** Options of `node:http` that close connections with slow requests, or without one. */
export const timeouts = ({ headersMs, requestMs }: ConnectionLimits): ServerOptions => ({
  headersTimeout: headersMs,
  requestTimeout: requestMs,
  connectionsCheckingInterval: Math.min(2_000, headersMs),
})

/** Most connections beyond the limit of their address that get an error as answer; further ones are closed at once. */
const MOST_TOLD = 64
/** Longest time until such a connection sends its request, in milliseconds. */
const TELL_MS = 1_000

/** The connections of one server. Limits their number, in all and per address, and the bytes that wait to be sent. */
export class Connections {
  readonly #limits: ConnectionLimits
  readonly #open = new Set<Socket>()
  readonly #byAddress = new Map<string, number>()
  readonly #beyond = new Set<Socket>()
  readonly #output: OutputWatch
  #refused = 0

  constructor(limits: ConnectionLimits, logger: Logger) {
    this.#limits = limits
    this.#output = new OutputWatch(this.#open, limits, logger)
  }

  watch(server: Server): void {
    server.maxConnections = this.#limits.connections
    server.on('drop', () => this.#refused++)
    server.on('connection', (socket) => this.#connected(socket))
  }

  stats(): { readonly open: number; readonly refused: number; readonly stalled: number } {
    return { open: this.#open.size, refused: this.#refused, stalled: this.#output.stalled }
  }

  /** True if this connection exceeds the limit of its address. */
  isBeyond(socket: Duplex): boolean {
    return this.#beyond.has(socket as Socket)
  }

  /** The answer to a request on such a connection. */
  refusal(): ShownError {
    const { connectionsPerAddress } = this.#limits
    const message = `too many connections: this address has ${connectionsPerAddress}; close some, or raise server.max_connections_per_address`
    const error = new QiError('RATE_LIMITED', message, { retryAfterMs: 1_000 })
    return showError(error, silentLogger, 'a connection')
  }

  close(): void {
    this.#output.close()
  }

  #connected(socket: Socket): void {
    const address = addressGroup(socket.remoteAddress ?? '')
    const count = (this.#byAddress.get(address) ?? 0) + 1
    this.#byAddress.set(address, count)
    this.#open.add(socket)
    socket.once('close', () => {
      this.#open.delete(socket)
      this.#beyond.delete(socket)
      const left = (this.#byAddress.get(address) ?? 1) - 1
      if (left > 0) this.#byAddress.set(address, left)
      else this.#byAddress.delete(address)
    })
    const limit = address === LOOPBACK ? this.#limits.connections : this.#limits.connectionsPerAddress
    if (count > limit) this.#refuse(socket)
  }

  #refuse(socket: Socket): void {
    this.#refused++
    if (this.#beyond.size >= MOST_TOLD) {
      socket.destroy()
      return
    }
    this.#beyond.add(socket)
    const cut = setTimeout(() => socket.destroy(), TELL_MS)
    socket.once('close', () => clearTimeout(cut))
  }
}

export const LOOPBACK = 'loopback'

/** The group of addresses that count as one client: an IPv4 address, the /64 network of an IPv6 address, or all of loopback. */
export function addressGroup(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '')
  if (isLoopback(plain)) return LOOPBACK
  return isIPv6(plain) ? network64(plain) : plain
}

function network64(address: string): string {
  const [head = '', tail] = address.split('%')[0]?.split('::') ?? []
  const front = head.split(':').filter(Boolean)
  const back = tail?.split(':').filter(Boolean) ?? []
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - front.length - back.length)
  return [...front, ...Array<string>(zeros).fill('0'), ...back].slice(0, 4).join(':')
}
