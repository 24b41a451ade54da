import { WebSocket } from 'ws'
import type { TlsOptions } from '../../base/networking/index.ts'
import { type Clock, excerpt } from '../../base/networking/index.ts'
import { errorMessage, type Logger, type Micros, QiError } from '../../base/types/index.ts'
import { publishFrame } from './frames.ts'
import type { Acknowledged, Ending, Mapped, Mapper, Ping, Subscription, Topic } from './types.ts'

export interface SocketOptions {
  readonly source: string
  readonly peer: string
  readonly url: string
  readonly topics: readonly Topic[]
  readonly subscribe: (topics: readonly Topic[], id: number) => Subscription[]
  readonly unsubscribe?: ((topics: readonly Topic[], id: number) => readonly string[]) | undefined
  readonly mapper: Mapper
  readonly requestsPerSecond: number
  readonly silenceMs: number
  readonly ping?: Ping | undefined
  readonly connectMs: number
  /** Time for the acknowledgement of a subscription. */
  readonly ackMs: number
  readonly compress: boolean
  readonly tls?: TlsOptions | undefined
  readonly logger: Logger
  readonly clock: Clock
  readonly now: () => Micros
  /** Called once everything is subscribed, or was refused. */
  readonly onLive: () => void
  /** Called with each message that is no control message. */
  readonly onMapped: (mapped: Exclude<Mapped, Acknowledged | Ending | undefined>, receivedAt: Micros) => void
  /** Called with a text that no mapper understands. */
  readonly onGarbage: (text: string, reason: string) => void
  readonly onAccepted: (topic: Topic) => void
  /** Called when the venue refuses a topic, or does not answer to it. */
  readonly onRefused: (topic: Topic, reason: string) => void
  /** Called when the venue announces the end of the connection. */
  readonly onEnding: (reason: string) => void
  /** Called once, whatever ended it. */
  readonly onClosed: (reason: string) => void
}

/** The largest message of a venue: a snapshot of a deep book is about 1 MB. A larger one ends the connection. */
const MOST_BYTES = 8 * 2 ** 20
/** Subscriptions of one topic that get no answer. */
const MOST_TRIES = 3
/** Texts in a row that no mapper understands. */
const MOST_GARBAGE = 20

/**
 * One WebSocket from its connection to its end.
 *
 * | state | entered by | left by |
 * |---|---|---|
 * | `connecting` | constructor | open → `subscribing`; error, `connectMs` → `closed` |
 * | `subscribing` | open | each topic acknowledged or refused → `live`; as `live` → `closed` |
 * | `live` | as above | silence, an error, the venue, a broken text too often, close() → `closed` |
 */
export class Socket {
  readonly #options: SocketOptions
  readonly #socket: WebSocket
  readonly #ended = new AbortController()
  /** Topics without an answer, by name, each with its tries. */
  readonly #pending = new Map<string, { readonly topic: Topic; tries: number }>()
  readonly #requests = new Map<number, readonly Topic[]>()
  #state: 'connecting' | 'subscribing' | 'live' | 'closed' = 'connecting'
  #requestId = 0
  /** Ends the wait for acknowledgements. */
  #answer = new AbortController()
  /** The last refusal, which a topic without an answer of its own is given as the reason. */
  #refusal: string | undefined
  #garbage = 0
  #frameAt: number
  #paused = false

  constructor(options: SocketOptions) {
    this.#options = options
    const { url, connectMs, compress, tls, clock } = options
    this.#frameAt = clock.now()
    this.#socket = new WebSocket(url, {
      handshakeTimeout: connectMs,
      perMessageDeflate: compress,
      maxPayload: MOST_BYTES,
      followRedirects: false,
      ...tls,
    })
    this.#socket.on('open', () => this.#opened())
    this.#socket.on('message', (data, isBinary) => this.#message(data as Buffer, isBinary))
    for (const frame of ['ping', 'pong'] as const) this.#socket.on(frame, () => this.#frame())
    this.#socket.on('error', (error) => this.#end(errorMessage(error)))
    this.#socket.on('close', (code, reason) =>
      this.#end(`closed by ${options.peer}: ${code} ${excerpt(reason.toString(), undefined, 100)}`.trim()),
    )
  }

  get live(): boolean {
    return this.#state === 'live'
  }

  /** Stops reading: the operating system's buffers fill, and the venue has to wait. */
  pause(): void {
    this.#paused = true
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.pause()
  }

  resume(): void {
    this.#paused = false
    this.#frame()
    this.#socket.resume()
  }

  /** Ends a subscription and begins it again: the venue then sends its first message again. */
  resubscribe(topic: Topic): void {
    if (this.#state !== 'live') return
    for (const text of this.#options.unsubscribe?.([topic], ++this.#requestId) ?? []) this.#send(text)
    this.#pending.set(topic.name, { topic, tries: 0 })
    this.#run(this.#subscribeAll([topic]))
  }

  close(reason: string): void {
    this.#end(reason)
  }

  #opened(): void {
    if (this.#state !== 'connecting') return
    this.#state = 'subscribing'
    this.#frame()
    if (this.#paused) this.#socket.pause()
    for (const topic of this.#options.topics) this.#pending.set(topic.name, { topic, tries: 0 })
    this.#run(this.#subscribeAll(this.#options.topics))
    this.#run(this.#watchSilence())
    if (this.#options.ping) this.#run(this.#pings(this.#options.ping))
  }

  #run(loop: Promise<void>): void {
    loop.catch((error) => {
      if (!this.#ended.signal.aborted) this.#end(errorMessage(error))
    })
  }

  /** Subscribes, then again to each topic that got no answer, alone, until each has one. */
  async #subscribeAll(topics: readonly Topic[]): Promise<void> {
    const { clock, ackMs, requestsPerSecond } = this.#options
    await this.#request(topics)
    while (this.#pending.size > 0) {
      this.#answer = new AbortController()
      await clock.sleep(ackMs, AbortSignal.any([this.#answer.signal, this.#ended.signal])).catch(() => {})
      if (this.#ended.signal.aborted) return
      for (const { topic, tries } of [...this.#pending.values()]) {
        if (tries >= MOST_TRIES) this.#refuse(topic, this.#refusal ?? unanswered(ackMs))
        else {
          await this.#request([topic])
          await clock.sleep(1000 / requestsPerSecond, this.#ended.signal)
        }
      }
    }
    if (this.#state !== 'subscribing') return
    this.#state = 'live'
    this.#options.onLive()
  }

  async #request(topics: readonly Topic[]): Promise<void> {
    const { subscribe, requestsPerSecond, clock } = this.#options
    for (const [index, { id, text, topics: asked }] of subscribe(topics, this.#requestId + 1).entries()) {
      if (index > 0) await clock.sleep(1000 / requestsPerSecond, this.#ended.signal)
      this.#requestId = id
      this.#requests.set(id, asked)
      for (const { name } of asked) {
        const pending = this.#pending.get(name)
        if (pending) pending.tries++
      }
      this.#send(text)
    }
  }

  #send(text: string): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return
    publishFrame(this.#options.source, 'sent', text, this.#options.now())
    this.#socket.send(text)
  }

  #message(data: Buffer, isBinary: boolean): void {
    if (this.#state === 'closed') return
    this.#frame()
    const receivedAt = this.#options.now()
    const text = data.toString()
    publishFrame(this.#options.source, 'received', text, receivedAt)
    let mapped: Mapped
    try {
      if (isBinary) throw new QiError('BAD_DATA', 'a binary message, where a text was expected')
      mapped = this.#options.mapper(text, receivedAt)
    } catch (error) {
      this.#options.onGarbage(text, errorMessage(error))
      if (++this.#garbage >= MOST_GARBAGE)
        this.#end(`${MOST_GARBAGE} messages in a row that cannot be read: ${errorMessage(error)}`)
      return
    }
    this.#garbage = 0
    if (mapped === undefined) return
    if (mapped.kind === 'ack') this.#answered(mapped)
    else if (mapped.kind === 'ending') this.#options.onEnding(mapped.reason)
    else this.#options.onMapped(mapped, receivedAt)
  }

  #answered({ id, symbol, topics: names, refused }: Acknowledged): void {
    const topics = names
      ? names.flatMap((name) => this.#pending.get(name)?.topic ?? [])
      : (this.#requests.get(id ?? -1) ?? []).filter(
          ({ name, instrument }) => this.#pending.has(name) && (symbol === undefined || instrument.symbol === symbol),
        )
    if (refused !== undefined) this.#refusal = refused
    // A refusal of a whole request does not tell which topic is at fault: they are asked again, each alone.
    if (refused === undefined || topics.length === 1 || names || symbol !== undefined)
      for (const topic of topics) {
        if (refused === undefined) this.#accept(topic)
        else this.#refuse(topic, refused)
      }
    if (this.#pending.size === 0 || refused !== undefined) this.#answer.abort()
  }

  #accept(topic: Topic): void {
    this.#pending.delete(topic.name)
    this.#options.onAccepted(topic)
  }

  #refuse(topic: Topic, reason: string): void {
    this.#pending.delete(topic.name)
    this.#options.onRefused(topic, reason)
  }

  #frame(): void {
    this.#frameAt = this.#options.clock.now()
  }

  async #watchSilence(): Promise<void> {
    const { clock, silenceMs } = this.#options
    for (;;) {
      const silent = clock.now() - this.#frameAt
      if (silent >= silenceMs && !this.#paused) {
        this.#end(`silent for ${Math.round(silenceMs / 1000)} s`)
        return
      }
      await clock.sleep(this.#paused ? silenceMs : silenceMs - silent, this.#ended.signal)
    }
  }

  async #pings({ everyMs, text }: Ping): Promise<void> {
    for (;;) {
      await this.#options.clock.sleep(everyMs, this.#ended.signal)
      if (text) this.#send(text())
      else if (this.#socket.readyState === WebSocket.OPEN) this.#socket.ping()
    }
  }

  #end(reason: string): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#ended.abort()
    // A peer that hangs would keep a closing handshake open: the connection is ended at once.
    this.#socket.terminate()
    this.#options.onClosed(reason)
  }
}

const unanswered = (ackMs: number): string => `no answer to the subscription within ${(ackMs * MOST_TRIES) / 1000} s`
