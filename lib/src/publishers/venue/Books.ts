import { type Clock, retry } from '../../base/networking/index.ts'
import { type Book, errorMessage, type Logger, type Micros } from '../../base/types/index.ts'
import { BookFollower, type BookMessage, BookSampler, bookRecord, type Followed } from './book/index.ts'
import type { BookTraits, Listed, MappedBook, Topic } from './types.ts'

export interface BooksOptions {
  readonly source: string
  readonly traits: BookTraits
  readonly levels: number
  readonly everyMs: number
  readonly emit: (books: readonly Book[]) => void
  /** Subscribes to a topic again, so that the venue sends a snapshot. */
  readonly resubscribe: (topic: Topic) => void
  /** Called when a book is not the venue's from now on, until the result is disposed. */
  readonly outage: (instrument: Listed, reason: string) => AsyncDisposable
  readonly logger: Logger
  readonly clock: Clock
  readonly now: () => Micros
  readonly signal: AbortSignal
}

interface Kept {
  readonly topic: Topic
  readonly follower: BookFollower
  readonly sampler: BookSampler
  outage: AsyncDisposable | undefined
  fetching: boolean
  /** Resyncs in a row that did not hold. */
  failures: number
}

/** First wait before a broken book is made again; it doubles up to a minute while it breaks again at once. */
const FIRST_WAIT_MS = 200
const MOST_WAIT_MS = 60_000

/** The order books of a source: each is followed by itself, so that a broken one costs itself alone, and sampled into records. */
export class Books {
  readonly #options: BooksOptions
  readonly #kept = new Map<string, Kept>()

  constructor(options: BooksOptions) {
    this.#options = options
    void this.#sampleQuiet().catch(() => {})
  }

  /** Books that are live and verified, of all: for metrics. */
  get counts(): { readonly live: number; readonly all: number } {
    let live = 0
    for (const { follower } of this.#kept.values()) if (follower.verified) live++
    return { live, all: this.#kept.size }
  }

  follow(topic: Topic): void {
    const { traits, levels, everyMs } = this.#options
    const { protocol, keptLevels } = traits
    this.#kept.set(topic.instrument.coinId, {
      topic,
      follower: new BookFollower({ protocol, maxLevels: keptLevels(levels), levels }),
      sampler: new BookSampler({ everyMs, levels }),
      outage: undefined,
      fetching: false,
      failures: 0,
    })
  }

  /** The connection of these topics ended: their books wait for the next one. */
  disconnected(topics: readonly Topic[]): void {
    for (const { channel, instrument } of topics) if (channel === 'books') this.#kept.get(instrument.coinId)?.follower.restart()
  }

  take({ instrument, message }: MappedBook, receivedAt: Micros): void {
    const kept = this.#kept.get(instrument.coinId)
    if (!kept) return
    this.#react(kept, kept.follower.follow(message))
    this.#sample(kept, receivedAt)
  }

  #react(kept: Kept, followed: Followed): void {
    const { follower, topic } = kept
    if (followed.kind === 'needsSnapshot') this.#fetch(kept)
    else if (followed.kind === 'broken') this.#broken(kept, followed.reason)
    else if (followed.kind === 'applied' && follower.verified && kept.outage) {
      this.#options.logger.info({}, `the order book of ${topic.instrument.coinId} is verified again`)
      kept.failures = 0
      void kept.outage[Symbol.asyncDispose]()
      kept.outage = undefined
    }
  }

  #broken(kept: Kept, reason: string): void {
    const { logger, traits, outage, resubscribe, clock, signal } = this.#options
    const { instrument } = kept.topic
    logger.warn({}, `the order book of ${instrument.coinId} is broken and made again: ${reason}`)
    kept.outage ??= outage(instrument, `order book broken: ${reason}`)
    const wait = kept.failures === 0 ? 0 : Math.min(MOST_WAIT_MS, FIRST_WAIT_MS * 2 ** (kept.failures - 1))
    kept.failures++
    if (traits.protocol.resync === 'snapshot') this.#fetch(kept, wait)
    else
      void clock.sleep(wait, signal).then(
        () => resubscribe(kept.topic),
        () => {},
      )
  }

  #fetch(kept: Kept, waitMs = 0): void {
    const { traits, logger, clock, signal } = this.#options
    const { snapshot } = traits
    if (kept.fetching || !snapshot) return
    kept.fetching = true
    const fetched = async (): Promise<BookMessage> => {
      if (waitMs > 0) await clock.sleep(waitMs, signal)
      return await retry(() => snapshot(kept.topic.instrument, signal), {
        signal,
        clock,
        attempts: Number.POSITIVE_INFINITY,
        totalMs: Number.POSITIVE_INFINITY,
        onRetry: ({ error }) => logger.warn({ code: error.code }, `the snapshot of an order book was not read: ${error.message}`),
      })
    }
    fetched().then(
      (message) => {
        kept.fetching = false
        this.#react(kept, kept.follower.follow(message))
        this.#sample(kept, this.#options.now())
      },
      (error) => {
        kept.fetching = false
        if (!signal.aborted)
          logger.error(
            { err: error },
            `the order book of ${kept.topic.instrument.coinId} has no snapshot: ${errorMessage(error)}`,
          )
      },
    )
  }

  #sample(kept: Kept, receivedAt: Micros): void {
    const { source, emit, traits } = this.#options
    const sample = kept.sampler.sample(kept.follower, receivedAt)
    if (!sample) return
    const { coinId, quote: currency } = kept.topic.instrument
    const record = bookRecord(sample, { coinId, source, currency, origin: 'live', receivedAt })
    emit([traits.inBaseUnits?.(record, kept.topic.instrument) ?? record])
  }

  /** Samples books whose last change came within the interval of the sample before. */
  async #sampleQuiet(): Promise<void> {
    const { clock, everyMs, now, signal } = this.#options
    for (;;) {
      await clock.sleep(Math.max(100, everyMs), signal)
      for (const kept of this.#kept.values()) this.#sample(kept, now())
    }
  }
}
