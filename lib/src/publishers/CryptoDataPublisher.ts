import {
  ArrivalOrder,
  admit,
  countOf,
  type Logger,
  type Micros,
  NEVER_CLOSED,
  nowMicros,
  type Origin,
  type PublisherStats,
  QiError,
  type RecordBatch,
  type RecordType,
  type RecordValues,
  type SeriesCalendars,
  type Source,
  type Stream,
  systemClock,
  toQiError,
} from '../base/index.ts'
import { Counters } from './counters.ts'
import type { PublisherOptions } from './options.ts'
import { Outlet } from './outlet.ts'

/** What a publisher joins. */
export interface PublisherParts {
  readonly source: Source
  readonly stream: Stream
  readonly logger: Logger
  /** The database's clock, by which records are from the future; default: the machine's. */
  readonly now?: () => Micros
  /** Tell when a bar is over; default: markets never close. */
  readonly calendars?: SeriesCalendars
  readonly options?: PublisherOptions
}

/**
 * Carries one source into the stream: source → validate → key → encode → append by topic. It pulls only while fewer than
 * `maxInFlight` records are on their way, keeps the order of each key, repeats appends that may succeed later, and puts what is
 * no valid record into the topic's dead letters.
 */
export class CryptoDataPublisher implements AsyncDisposable {
  readonly name: string
  readonly #source: Source
  readonly #now: () => Micros
  readonly #calendars: SeriesCalendars
  readonly #arrivals = new ArrivalOrder()
  readonly #counters: Counters
  readonly #outlet: Outlet
  readonly #options: Required<Pick<PublisherOptions, 'maxInFlight' | 'drainTimeoutMs' | 'clock'>>
  readonly #halt = new AbortController()
  readonly #drained = new AbortController()
  #running: Promise<void> | undefined
  #stopping = false
  #refused = false
  #lost = false
  /** Ends a wait for room, or for a source that does not answer close(). */
  #wake: () => void = () => {}

  constructor({ source, stream, logger, now = nowMicros, calendars = NEVER_CLOSED, options = {} }: PublisherParts) {
    const { maxBatchRecords = 2000, maxBatchBytes = 512 * 1024, retryBaseMs = 100, retryMaxMs = 10_000 } = options
    const { maxInFlight = 10_000, drainTimeoutMs = 15_000, clock = systemClock } = options
    this.name = source.name
    this.#source = source
    this.#now = now
    this.#calendars = calendars
    this.#options = { maxInFlight, drainTimeoutMs, clock }
    this.#counters = new Counters(source.name)
    this.#outlet = new Outlet({
      source: source.name,
      stream,
      logger,
      counters: this.#counters,
      limits: { maxItems: maxBatchRecords, maxBytes: maxBatchBytes },
      retry: { baseMs: retryBaseMs, maxMs: retryMaxMs },
      clock,
      halt: this.#halt.signal,
      onProgress: () => this.#wake(),
      onFailure: () => {
        this.#refused = true
        this.#stop()
      },
    })
  }

  /** True once the stream refused an append for good: then the failure of run() is not the source's. */
  get refusedByStream(): boolean {
    return this.#refused
  }

  /**
   * Runs until the source ends, the signal is aborted or close() is called; what was pulled by then is appended before it
   * returns. May be called once.
   * @throws QiError what the source threw, or an append that no repetition mends; restarting is the platform's matter
   */
  async run(signal?: AbortSignal): Promise<void> {
    if (this.#counters.state !== 'idle')
      throw new QiError('CONFLICT', `the publisher of ${this.name} is ${this.#counters.state}; make a new one to run again`)
    this.#counters.enter('running')
    const stop = () => this.#stop()
    signal?.addEventListener('abort', stop, { once: true })
    if (signal?.aborted) stop()
    this.#running = this.#carry()
    try {
      await this.#running
    } finally {
      signal?.removeEventListener('abort', stop)
    }
  }

  stats(): PublisherStats {
    const stats = this.#counters.snapshot()
    const { trouble, warnings = [] } = this.#source
    return { ...(trouble && { trouble }), ...(warnings.length > 0 && { warnings }), ...stats }
  }

  /**
   * Stops pulling, appends what was pulled, closes the source; may be called twice. Other failures are run()'s to throw.
   * @throws QiError UNAVAILABLE with the number of records lost, where the stream did not take them within `drainTimeoutMs`
   */
  async close(): Promise<void> {
    if (!this.#running) {
      this.#counters.enter('closed')
      await this.#source.close()
      return
    }
    this.#stop()
    try {
      await this.#running
    } catch (error) {
      if (this.#lost) throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #carry(): Promise<void> {
    let failure: QiError | undefined
    try {
      // The session of the source, begun just now, may have named its calendar.
      await this.#readCalendars(0)
      await this.#pull()
    } catch (error) {
      failure = toQiError(error)
      this.#counters.failed(failure)
    }
    this.#counters.enter('draining')
    try {
      await this.#outlet.flush()
    } catch (error) {
      failure ??= toQiError(error)
    }
    this.#drained.abort()
    await this.#source.close()
    const { inFlight, lastError } = this.stats()
    if (this.#halt.signal.aborted && inFlight > 0) {
      this.#lost = true
      failure = new QiError(
        'UNAVAILABLE',
        `${countOf(inFlight, 'record')} of ${this.name} are lost: the stream did not take them within ${this.#options.drainTimeoutMs} ms of being asked to stop${lastError ? ` (${lastError.message})` : ''}`,
        { cause: failure },
      )
    }
    this.#counters.enter(failure ? 'failed' : 'closed')
    if (failure) throw failure
  }

  async #pull(): Promise<void> {
    const iterator = this.#source[Symbol.asyncIterator]()
    while (!this.#stopping) {
      if (this.#counters.inFlight < this.#options.maxInFlight) {
        const next = await this.#next(iterator)
        if (!next || next.done) return
        this.#take(next.value)
      } else
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
    }
  }

  /** The next batch; nothing where the source neither answers nor ends within the time to drain. */
  #next(iterator: AsyncIterator<RecordBatch>): Promise<IteratorResult<RecordBatch> | undefined> {
    // Not Promise.race: each race would leave something behind on the promise that lives as long as the publisher.
    return new Promise((resolve, reject) => {
      this.#halt.signal.onabort = () => resolve(undefined)
      iterator.next().then(resolve, reject)
    })
  }

  /** A database that does not answer is no reason to publish nothing: what was read last counts on. */
  async #readCalendars(maxAgeMs?: number): Promise<void> {
    await this.#calendars.refresh(maxAgeMs).catch(() => {})
  }

  #take({ type, records, rejected = [] }: RecordBatch): void {
    void this.#readCalendars()
    const { topic } = type
    const lane = this.#outlet.records(topic)
    this.#counters.received += records.length + rejected.length
    const now = this.#now()
    const [first] = records
    if (first) this.#counters.origin = first.origin as Origin
    for (const record of records) {
      let value: string
      try {
        value = type.encodeChecked(this.#arrivals.stamp(type, admit(type, record, now, this.#calendars.of)))
      } catch (error) {
        this.#setAside(topic, toQiError(error).message, asWire(type, record), keyOf(type, record))
        continue
      }
      // Counting its bytes also makes one flat string of the pieces it was put together from, a third of their size.
      lane.add({ key: type.messageKey(record), value, time: record.time as number }, Buffer.byteLength(value))
    }
    for (const { reason, original } of rejected) this.#setAside(topic, reason, original, null)
  }

  #setAside(topic: string, reason: string, value: string, key: string | null): void {
    this.#outlet.addLetter({ topic, stage: 'publish', reason, attempts: 1, value, key, source: this.name })
  }

  #stop(): void {
    if (this.#stopping) return
    this.#stopping = true
    this.#wake()
    const { clock, drainTimeoutMs } = this.#options
    clock.sleep(drainTimeoutMs, this.#drained.signal).then(
      () => this.#halt.abort(),
      () => {},
    )
    // Unblocks the pending pull; awaited, and its failure seen, once all is drained.
    this.#source.close().catch(() => {})
  }
}

/** The wire form of a record that may be wrong in any of its fields. */
function asWire(type: RecordType, record: RecordValues): string {
  try {
    return JSON.stringify(type.toWire(record))
  } catch {
    return JSON.stringify(Object.fromEntries(type.fields.map(({ name, property }) => [name, record[property]])), plain)
  }
}

const plain = (_name: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value)

function keyOf(type: RecordType, record: RecordValues): string | null {
  return typeof record.source === 'string' ? type.messageKey(record) : null
}
