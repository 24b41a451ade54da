import { publishNetworkEvent } from '../../base/networking/index.ts'
import { errorMessage } from '../../base/types/index.ts'
import { Socket, type SocketOptions } from './Socket.ts'
import type { Topic } from './types.ts'

type Inherited = Omit<SocketOptions, 'onLive' | 'onClosed' | 'onEnding' | 'url'>

export interface FeedOptions extends Inherited {
  readonly url: string
  /** Waits until a connection may be made: the venue's limit, across processes. */
  readonly permit: (signal: AbortSignal) => Promise<void>
  /** The venue ends a connection after this long: a new one is made before. */
  readonly lifetimeMs?: number | undefined
  readonly reconnect: { readonly base_ms: number; readonly max_ms: number; readonly healthy_ms: number }
  readonly onLive: () => void
  /** Called when a connection ended before it was live. */
  readonly onFailed: (reason: string) => void
  /** Called when the feed has no live connection any more. */
  readonly onDown: (reason: string) => void
}

/** A new connection is made this share of its life before the venue ends the old one. */
const ROTATE_AT = 0.95
/** Time for messages that the venue sent on the old connection before it knew of the new one. */
const DRAIN_MS = 1000

/**
 * Keeps one connection with its topics alive until close(): it connects again after a cut, and before the venue's own limit it makes the
 * next connection before it ends the old one.
 *
 * | state | entered by | left by |
 * |---|---|---|
 * | `down` | start(), or the live connection ended | a connection is live → `up`; close() → `closed` |
 * | `up` | as above | the connection ended → `down`; close() → `closed` |
 * | `rotating` | the venue announced an end, or the lifetime is nearly over | the next connection is live → `up`; the old one ended → `down` |
 *
 * A replaced connection is read for {@link DRAIN_MS} more: what it was sent before the next one was subscribed comes on no other. Its
 * order books are not taken, because the changes of two connections would overtake each other.
 */
export class Feed {
  readonly #options: FeedOptions
  readonly #closing = new AbortController()
  /** The live connection. */
  #current: Socket | undefined
  /** The connection that is being made. */
  #next: Socket | undefined
  /** The replaced connection, until its last messages are read. */
  #old: Socket | undefined
  #paused = false
  #running: Promise<void> | undefined
  #rotate = new AbortController()
  #lastFailure = ''

  constructor(options: FeedOptions) {
    this.#options = options
  }

  get live(): boolean {
    return this.#current !== undefined
  }

  get lastFailure(): string {
    return this.#lastFailure
  }

  start(): void {
    this.#running ??= this.#keep().catch((error) => {
      if (!this.#closing.signal.aborted) this.#options.logger.error({ err: error }, `feed ended: ${errorMessage(error)}`)
    })
  }

  pause(): void {
    this.#paused = true
    this.#current?.pause()
    this.#next?.pause()
    this.#old?.pause()
  }

  resume(): void {
    this.#paused = false
    this.#current?.resume()
    this.#next?.resume()
    this.#old?.resume()
  }

  /** See {@link Socket.resubscribe}. */
  resubscribe(topic: Topic): void {
    this.#current?.resubscribe(topic)
  }

  /** Ends the connection; a new one is made at once. */
  cut(reason: string): void {
    this.#current?.close(reason)
    this.#next?.close(reason)
    this.#old?.close(reason)
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.cut('the source is closed')
    await this.#running
  }

  async #keep(): Promise<void> {
    const { clock, permit, lifetimeMs, reconnect } = this.#options
    const { base_ms: base, max_ms: most, healthy_ms: healthyMs } = reconnect
    const { signal } = this.#closing
    let wait = 0
    while (!signal.aborted) {
      if (wait > 0) await clock.sleep(wait * (0.75 + Math.random() / 2), signal)
      await permit(signal)
      const started = clock.now()
      const connection = await this.#connect()
      if (connection) {
        const outcome = await this.#outlive(connection, lifetimeMs)
        if (outcome === 'rotate') {
          wait = 0
          continue
        }
      }
      const healthy = clock.now() - started >= healthyMs
      wait = healthy ? base : Math.min(Math.max(wait * 2, base), most)
    }
  }

  /** Returns the connection once it is live; undefined if it ended before. */
  #connect(): Promise<Connection | undefined> {
    const { clock } = this.#options
    const started = clock.now()
    return new Promise((resolve) => {
      const ended = Promise.withResolvers<string>()
      const socket: Socket = new Socket({
        ...this.#options,
        onLive: () => {
          this.#attempt('ok', started)
          const old = this.#current
          this.#current = socket
          this.#next = undefined
          if (old) this.#drain(old)
          else this.#options.onLive()
          resolve({ socket, ended: ended.promise })
        },
        onMapped: (mapped, receivedAt) => {
          if (this.#old !== socket || mapped.kind !== 'book') this.#options.onMapped(mapped, receivedAt)
        },
        onEnding: (reason) => {
          this.#options.logger.info({}, `${this.#options.peer} ends the connection soon: ${reason}`)
          if (this.#current === socket) this.#rotate.abort()
        },
        onClosed: (reason) => {
          ended.resolve(reason)
          if (this.#old === socket) this.#old = undefined
          if (this.#next === socket) {
            this.#next = undefined
            this.#attempt('UNAVAILABLE', started)
            this.#failed(reason)
            this.#options.onFailed(reason)
          }
          if (this.#current === socket) {
            this.#current = undefined
            this.#failed(reason)
            this.#options.onDown(reason)
          }
          resolve(undefined)
        },
      })
      this.#next = socket
      if (this.#paused) socket.pause()
      if (this.#closing.signal.aborted) socket.close('the source is closed')
    })
  }

  /** Ends a replaced connection once its last messages are read. */
  #drain(old: Socket): void {
    this.#old?.close('replaced by a new connection')
    this.#old = old
    const close = () => old.close('replaced by a new connection')
    this.#options.clock.sleep(DRAIN_MS, this.#closing.signal).then(close, close)
  }

  /** Waits for the end of a connection, or for the time to replace it. */
  async #outlive({ ended }: Connection, lifetimeMs: number | undefined): Promise<'ended' | 'rotate'> {
    const { clock } = this.#options
    this.#rotate = new AbortController()
    const done = new AbortController()
    const signal = AbortSignal.any([this.#rotate.signal, this.#closing.signal, done.signal])
    const due = (lifetimeMs === undefined ? untilAborted(signal) : clock.sleep(lifetimeMs * ROTATE_AT, signal)).catch(() => {})
    const outcome = await Promise.race([ended.then(() => 'ended' as const), due.then(() => 'rotate' as const)])
    done.abort()
    return outcome
  }

  #failed(reason: string): void {
    this.#lastFailure = reason
    if (!this.#closing.signal.aborted) this.#options.logger.warn({}, `${this.#options.peer}: connection ended: ${reason}`)
  }

  #attempt(outcome: 'ok' | 'UNAVAILABLE', started: number): void {
    const { peer, clock } = this.#options
    publishNetworkEvent({ type: 'attempt', peer: `${peer} socket`, outcome, ms: clock.now() - started })
  }
}

interface Connection {
  readonly socket: Socket
  /** Resolved with the reason of its end. */
  readonly ended: Promise<string>
}

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
