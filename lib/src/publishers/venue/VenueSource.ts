import { type Clock, retry, systemClock, type TlsOptions, throwIfAborted } from '../../base/networking/index.ts'
import {
  type CheckResult,
  type Logger,
  QiError,
  type RateLimit,
  type RecordBatch,
  type SettingWarning,
  type Source,
  type SourceContext,
  type SourceFigures,
  type StreamSeries,
  type Trouble,
  toQiError,
} from '../../base/types/index.ts'
import { Backlog, type BacklogLimits } from './Backlog.ts'
import { choose } from './choose.ts'
import { costLine, totalLine } from './cost.ts'
import { Instruments } from './Instruments.ts'
import { Listing } from './Listing.ts'
import { RecordFlow } from './RecordFlow.ts'
import { reachSocket } from './reachSocket.ts'
import type { VenueSettings } from './settings.ts'
import { shardsOf } from './shards.ts'
import { Twin } from './Twin.ts'
import { ArrivalClock } from './times.ts'
import { type Listed, type Topic, TYPE_OF, type Venue } from './types.ts'

export interface VenueSourceOptions {
  readonly venue: Venue
  readonly settings: VenueSettings
  readonly context: SourceContext
  /** New sockets a minute. */
  readonly connections: RateLimit
  readonly tls?: TlsOptions | undefined
  readonly clock?: Clock
  readonly backlog?: BacklogLimits
  /** Time for the acknowledgement of a subscription. Default 10 s. */
  readonly ackMs?: number
}

const ACK_MS = 10_000
/** The outage of a source whose heartbeat is not recorded. */
const UNRECORDED: AsyncDisposable = { [Symbol.asyncDispose]: async () => {} }

/**
 * Live records of a venue. Nothing is opened before the first pull. Pushed records wait in a bounded backlog; while that is full
 * the sockets are paused, and nothing is dropped.
 */
export class VenueSource implements Source {
  readonly name: string
  readonly #options: VenueSourceOptions
  readonly #venue: Venue
  readonly #settings: VenueSettings
  readonly #logger: Logger
  readonly #clock: Clock
  readonly #arrival = new ArrivalClock()
  readonly #closing = new AbortController()
  readonly #instruments = new Instruments()
  readonly #backlog: Backlog
  readonly #listing: Listing
  readonly #flow: RecordFlow
  readonly #twins: Twin[] = []
  readonly #outages = new Map<Twin, AsyncDisposable>()
  #warnings: readonly SettingWarning[] = []
  readonly #refused = new Map<string, SettingWarning>()
  #trouble: Trouble | undefined
  #messageAt: number | undefined
  #running: Promise<void> | undefined
  #stalled = new AbortController()

  constructor(options: VenueSourceOptions) {
    const { venue, settings, context, clock = systemClock } = options
    this.name = context.name
    this.#options = options
    this.#venue = venue
    this.#settings = settings
    this.#logger = context.logger
    this.#clock = clock
    this.#backlog = new Backlog(
      () => this.#pause(),
      () => this.#resume(),
      options.backlog,
    )
    this.#listing = new Listing({
      source: this.name,
      venue,
      instruments: this.#instruments,
      backlog: this.#backlog,
      logger: this.#logger,
      clock,
      now: () => this.#arrival.now(),
      signal: this.#closing.signal,
    })
    this.#flow = new RecordFlow({
      source: this.name,
      venue,
      settings,
      instruments: this.#instruments,
      backlog: this.#backlog,
      resubscribe: (topic) => this.#twins.find(({ topics }) => topics.includes(topic))?.resubscribe(topic),
      outage: (series, reason) => options.context.outage?.(series, reason) ?? UNRECORDED,
      logger: this.#logger,
      clock,
      now: () => this.#arrival.now(),
      signal: this.#closing.signal,
    })
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RecordBatch, void, undefined> {
    const { signal } = this.#closing
    if (signal.aborted) return
    try {
      await this.#start()
    } catch (error) {
      if (!signal.aborted) throw error
    }
    for (let batch = await this.#backlog.pull(); batch; batch = await this.#backlog.pull()) yield batch
  }

  get trouble(): Trouble | undefined {
    return this.#trouble
  }

  get warnings(): readonly SettingWarning[] {
    return [...this.#warnings, ...this.#refused.values()]
  }

  get figures(): SourceFigures {
    const feeds = this.#twins.map((twin) => twin.feeds)
    return {
      waiting: this.#backlog.records,
      paused: this.#backlog.full,
      sockets: feeds.reduce((sum, { live }) => sum + live, 0),
      books: this.#flow.books,
      ...this.#flow.counts,
    }
  }

  async check(signal?: AbortSignal): Promise<CheckResult> {
    const { peer, baseUrl, sockets } = this.#venue
    const details = { base_url: baseUrl, ws_url: sockets.join(', '), stores: costLine(this.#settings) }
    const live = this.#twins.filter((twin) => twin.live).length
    if (live > 0 && this.#messageAt !== undefined) {
      const ago = Math.round((this.#clock.now() - this.#messageAt) / 1000)
      const down = this.#twins.length - live
      if (down === 0) return { ok: true, summary: `${peer} sent the last message ${ago} s ago`, details }
    }
    const deadline = AbortSignal.any([
      AbortSignal.timeout(this.#settings.timeout_ms),
      this.#closing.signal,
      ...(signal ? [signal] : []),
    ])
    try {
      throwIfAborted(deadline)
      const start = this.#clock.now()
      await this.#venue.reach(deadline)
      const [channel = 'trades'] = this.#settings.channels
      const address = `${sockets[0]}${this.#venue.endpoint?.(channel) ?? ''}`
      await reachSocket(peer, address, this.#settings.timeout_ms, this.#options.tls, deadline)
      return {
        ok: true,
        summary: `${peer} answered in ${Math.round(this.#clock.now() - start)} ms; ${totalLine(this.#settings)}`,
        details,
      }
    } catch (thrown) {
      const error = toQiError(thrown)
      const remedy =
        error.code === 'RATE_LIMITED'
          ? 'wait; every process at this address shares the limit of the venue'
          : 'check the network and rest_url and ws_url; some venues refuse addresses of some countries'
      return { ok: false, summary: error.message, remedy, error, details }
    }
  }

  async close(): Promise<void> {
    this.#closing.abort(new QiError('CLOSED', `the ${this.name} source is closed`))
    this.#stalled.abort()
    // First of all: connections and fetches may wait for room in it, which nobody makes any more.
    this.#backlog.close()
    this.#running ??= Promise.resolve()
    await this.#running.catch(() => {})
    await Promise.all(this.#twins.map((twin) => twin.close()))
    await this.#flow.idle()
    await this.#venue.close()
    for (const outage of this.#outages.values()) await outage[Symbol.asyncDispose]()
    this.#outages.clear()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #start(): Promise<void> {
    this.#running ??= this.#open()
    return this.#running
  }

  async #open(): Promise<void> {
    const { signal } = this.#closing
    await this.#listing.read((error) => {
      this.#trouble ??= { since: Date.now(), error }
    })
    this.#trouble = undefined
    const { instruments, warnings } = choose(this.#instruments, this.#settings, this.#venue.peer)
    this.#warnings = warnings
    for (const { message } of warnings) this.#logger.warn({}, message)
    if (instruments.length === 0)
      throw new QiError('CONFIG_INVALID', `${this.#venue.peer} lists none of the instruments of sources.${this.name}.symbols`, {
        field: `sources.${this.name}.symbols`,
      })
    if (this.#settings.fill === 'start' && this.#settings.channels.includes('trades')) await this.#continueStored(signal)
    this.#logger.info({ instruments: instruments.length }, `${this.#venue.peer}: ${costLine(this.#settings)}`)
    this.#subscribe(instruments)
    this.#listing.keep()
  }

  /** Lets trades continue behind the last stored ones, so that a stop of the platform is filled as a cut is. */
  async #continueStored(signal: AbortSignal): Promise<void> {
    const { lastStored } = this.#options.context
    if (!lastStored || this.#venue.trades.numbering !== 'contiguous') return
    const stored = await retry(() => lastStored('trade'), {
      signal,
      attempts: Number.POSITIVE_INFINITY,
      totalMs: Number.POSITIVE_INFINITY,
    })
    this.#flow.startAfter(stored)
  }

  #subscribe(instruments: readonly Listed[]): void {
    const { venue, context, connections, tls, ackMs = ACK_MS } = this.#options
    const { limits, silenceMs } = venue
    const mapper = venue.mapper({ source: this.name, instruments: this.#instruments })
    const groups = instruments.map((instrument) => this.#topicsOf(instrument))
    for (const { endpoint, topics } of shardsOf(groups, limits.subscriptionsPerSocket, venue.endpoint)) {
      const listed = [...new Set(topics.map(({ instrument }) => instrument))]
      const twin: Twin = new Twin({
        source: this.name,
        peer: venue.peer,
        urls: venue.sockets.map((address) => `${address}${endpoint}`),
        twin: this.#settings.twin,
        topics,
        subscribe: (some, id) => venue.subscribe(some, id),
        unsubscribe: venue.books.unsubscribe,
        mapper,
        requestsPerSecond: limits.requestsPerSecond,
        silenceMs: this.#settings.silence_ms ?? silenceMs,
        ping: venue.ping,
        connectMs: this.#settings.timeout_ms,
        ackMs,
        compress: this.#settings.compress,
        tls,
        lifetimeMs: limits.lifetimeMs,
        reconnect: this.#settings.reconnect,
        permit: async (signal) => {
          // While the stream takes nothing, a new connection would only be cut again.
          await this.#backlog.room()
          await connections.acquire(1, signal)
        },
        logger: context.logger,
        clock: this.#clock,
        now: () => this.#arrival.now(),
        onMapped: (mapped, receivedAt) => {
          this.#messageAt = this.#clock.now()
          this.#flow.take(mapped, receivedAt)
        },
        onGarbage: (text, reason) => this.#flow.reject(text, reason),
        onAccepted: ({ name }) => this.#refused.delete(name),
        onRefused: (topic, reason) => this.#refuse(topic, reason),
        onUp: (first) => this.#up(twin, listed, first),
        onDown: (reason) => this.#down(twin, reason),
        onFailed: (reason) => {
          if (!twin.live) this.#troubled(reason)
        },
        onBooks: (live) => {
          if (!live) this.#flow.booksDisconnected(topics)
        },
      })
      this.#flow.follow(topics)
      this.#twins.push(twin)
      // Until the first message nothing is known of its series.
      this.#beginOutage(twin, 'not connected yet')
      twin.start()
    }
  }

  #topicsOf(instrument: Listed): Topic[] {
    return this.#settings.channels.flatMap((channel) =>
      channel === 'candles'
        ? this.#settings.timeframes.map((timeframe) => this.#venue.topic(channel, instrument, timeframe))
        : [this.#venue.topic(channel, instrument)],
    )
  }

  #refuse({ name, instrument }: Topic, reason: string): void {
    const message = `${this.#venue.peer} refuses ${name}: ${reason}; take ${instrument.coinId} out of symbols, or its channel out of channels`
    if (!this.#refused.has(name)) this.#logger.warn({ topic: name }, message)
    this.#refused.set(name, {
      subject: `symbol ${instrument.coinId}`,
      message,
      since: this.#refused.get(name)?.since ?? Date.now(),
    })
  }

  #up(twin: Twin, listed: readonly Listed[], first: boolean): void {
    void this.#endOutage(twin)
    if (this.#twins.every(({ live }) => live)) this.#trouble = undefined
    this.#flow.connected(listed, first)
  }

  #down(twin: Twin, reason: string): void {
    if (this.#closing.signal.aborted) return
    this.#troubled(reason)
    this.#beginOutage(twin, reason)
  }

  #troubled(reason: string): void {
    this.#trouble = {
      since: this.#trouble?.since ?? Date.now(),
      error: new QiError('UNAVAILABLE', `${this.#venue.peer}: ${reason}`),
    }
  }

  #beginOutage(twin: Twin, reason: string): void {
    const { outage } = this.#options.context
    if (!outage || this.#outages.has(twin)) return
    this.#outages.set(twin, outage(seriesOf(twin.topics), reason))
  }

  async #endOutage(twin: Twin): Promise<void> {
    const outage = this.#outages.get(twin)
    this.#outages.delete(twin)
    await outage?.[Symbol.asyncDispose]()
  }

  #pause(): void {
    for (const twin of this.#twins) twin.pause()
    this.#stalled = new AbortController()
    const { stall_ms: stallMs } = this.#settings
    this.#clock.sleep(stallMs, this.#stalled.signal).then(
      () => {
        if (this.#backlog.full) for (const twin of this.#twins) twin.cut(`the stream took nothing for ${stallMs / 1000} s`)
      },
      () => {},
    )
  }

  #resume(): void {
    this.#stalled.abort()
    for (const twin of this.#twins) twin.resume()
  }
}

/** The series that topics bring. */
const seriesOf = (topics: readonly Topic[]): StreamSeries[] =>
  topics.flatMap(({ channel, instrument: { coinId, quote: currency }, timeframe }) => {
    return { type: TYPE_OF[channel], coinId, currency, ...(timeframe && { timeframe }) }
  })
