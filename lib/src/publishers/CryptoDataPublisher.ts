import { systemClock } from '../base/networking/index.ts'
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
  toQiError,
} from '../base/types/index.ts'
import { Counters } from './counters.ts'
import { PUBLISHER_DEFAULTS, type PublisherOptions } from './options.ts'
import { Outlet } from './outlet.ts'

/** Dependencies of a publisher. */
export interface PublisherParts {
  readonly source: Source
  readonly stream: Stream
  readonly logger: Logger
  /** The clock that decides which records lie in the future: the database's. Default: the machine's. */
  readonly now?: () => Micros
  /** Trading hours, which decide when a bar is final. Default: markets never close. */
  readonly calendars?: SeriesCalendars
  readonly options?: PublisherOptions
}

/**
 * Publishes the records of one source: source → validate → key → encode → append by topic. It pulls only while fewer than
 * `maxInFlight` records are in flight, keeps the order of each key, retries appends that may succeed later, and writes invalid
 * records to the topic's dead letters.
 *
 * | state | entered by | left by |
 * |---|---|---|
 * | `idle` | constructor | run() → `running`; close() → `closed` |
 * | `running` | run(), or a retried append that succeeds | an append fails → `degraded`; the source ends or fails, the signal, close() → `draining` |
 * | `degraded` | a failed append, while it is retried | the append succeeds → `running`; as `running` → `draining` |
 * | `draining` | as above | all that was pulled is durable → `closed`; source or append failed, or `drainTimeoutMs` is over → `failed` |
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
  /** Ends the wait of #pull for room in flight. */
  #wake: () => void = () => {}

  constructor({ source, stream, logger, now = nowMicros, calendars = NEVER_CLOSED, options = {} }: PublisherParts) {
    const { clock = systemClock, ...limits } = options
    const { maxBatchRecords, maxBatchBytes, maxInFlight, retryBaseMs, retryMaxMs, drainTimeoutMs } = {
      ...PUBLISHER_DEFAULTS,
      ...limits,
    }
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

  /** True once an append has failed for good: then the error of run() is the stream's, not the source's. */
  get refusedByStream(): boolean {
    return this.#refused
  }

  /**
   * Runs until the source ends, the signal aborts or close() is called; appends what was pulled by then before it returns. May be
   * called once.
   * @throws QiError of the source, or of an append that failed for good; the supervisor decides about a restart
   */
  async run(signal?: AbortSignal): Promise<void> {
    if (this.#counters.state !== 'idle')
      throw new QiError('CONFLICT', `the publisher of ${this.name} is ${this.#counters.state}: it runs once; make a new one`)
    this.#counters.enter('running')
    const stop = () => this.#stop()
    signal?.addEventListener('abort', stop, { once: true })
    if (signal?.aborted) stop()
    this.#running = this.#publish()
    try {
      await this.#running
    } finally {
      signal?.removeEventListener('abort', stop)
    }
  }

  stats(): PublisherStats {
    const stats = this.#counters.snapshot()
    const { trouble, warnings = [], figures } = this.#source
    return { ...(trouble && { trouble }), ...(warnings.length > 0 && { warnings }), ...(figures && { figures }), ...stats }
  }

  /**
   * Stops pulling, appends what was pulled, closes the source. May be called twice. Any other error is thrown by run().
   * @throws QiError UNAVAILABLE with the number of lost records if the stream did not take them within `drainTimeoutMs`
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

  async #publish(): Promise<void> {
    let failure: QiError | undefined
    try {
      // The source's session has just begun and may have set its calendar.
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
        `${countOf(inFlight, 'record')} of ${this.name} are lost: the stream did not take them within ${this.#options.drainTimeoutMs} ms of the stop${lastError ? ` (${lastError.message})` : ''}`,
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

  /** The next batch; undefined if the source neither answers nor ends within the drain time. */
  #next(iterator: AsyncIterator<RecordBatch>): Promise<IteratorResult<RecordBatch> | undefined> {
    // Promise.race would leak: each race adds a handler to a promise that lives as long as the publisher.
    return new Promise((resolve, reject) => {
      this.#halt.signal.onabort = () => resolve(undefined)
      iterator.next().then(resolve, reject)
    })
  }

  /** Refreshes the calendars. If the database does not answer, the last ones stay valid and publishing goes on. */
  async #readCalendars(maxAgeMs?: number): Promise<void> {
    await this.#calendars.refresh(maxAgeMs).catch(() => {})
  }

  #take({ type, records, rejected = [] }: RecordBatch): void {
    void this.#readCalendars()
    const { topic } = type
    const batcher = this.#outlet.records(topic)
    this.#counters.received += records.length + rejected.length
    const now = this.#now()
    const [first] = records
    if (first) this.#counters.origin = first.origin as Origin
    for (const record of records) {
      let value: string
      try {
        value = type.encodeChecked(this.#arrivals.stamp(type, admit(type, record, now, this.#calendars.of)))
      } catch (error) {
        this.#deadLetter(topic, toQiError(error).message, asWire(type, record), keyOf(type, record))
        continue
      }
      // byteLength also flattens the concatenated string, to a third of its memory.
      batcher.add({ key: type.messageKey(record), value, time: record.time as number }, Buffer.byteLength(value))
    }
    for (const { reason, original } of rejected) this.#deadLetter(topic, reason, original, null)
  }

  #deadLetter(topic: string, reason: string, value: string, key: string | null): void {
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
    // Unblocks the pending pull. It is awaited, and its error thrown, once everything is drained.
    this.#source.close().catch(() => {})
  }
}

/** The wire form of a record, any field of which may be invalid. */
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
