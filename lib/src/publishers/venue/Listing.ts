import { type Clock, retry, throwIfAborted } from '../../base/networking/index.ts'
import { errorMessage, type Instrument, instrument, type Logger, type Micros, type QiError } from '../../base/types/index.ts'
import type { Backlog } from './Backlog.ts'
import { isFinal } from './choose.ts'
import type { Instruments } from './Instruments.ts'
import type { Listed, Venue } from './types.ts'

export interface ListingOptions {
  readonly source: string
  readonly venue: Venue
  readonly instruments: Instruments
  readonly backlog: Backlog
  readonly logger: Logger
  readonly clock: Clock
  readonly now: () => Micros
  readonly signal: AbortSignal
}

const EVERY_MS = 86_400_000
const RETRY_MS = 60_000

/** The instruments that a venue lists: read at the start and once a day, and passed on as records. */
export class Listing {
  readonly #options: ListingOptions

  constructor(options: ListingOptions) {
    this.#options = options
  }

  /**
   * Reads the instruments, again and again while the venue does not answer.
   * @throws QiError that no retry fixes, such as FORBIDDEN
   */
  async read(onFailure: (error: QiError) => void): Promise<void> {
    const { venue, clock, logger, signal } = this.#options
    const listed = await retry(() => venue.listed(signal), {
      attempts: Number.POSITIVE_INFINITY,
      totalMs: Number.POSITIVE_INFINITY,
      signal,
      retryIf: (error) => !isFinal(error),
      clock,
      onRetry: ({ error }) => {
        onFailure(error)
        logger.warn({ code: error.code }, error.message)
      },
    })
    this.#take(listed)
  }

  /** Reads them once a day from now on. */
  keep(): void {
    void this.#refresh().catch(() => {})
  }

  async #refresh(): Promise<void> {
    const { venue, backlog, clock, logger, signal } = this.#options
    for (let wait = EVERY_MS; ; ) {
      await clock.sleep(wait, signal)
      try {
        const listed = await venue.listed(signal)
        await backlog.room()
        this.#take(listed)
        wait = EVERY_MS
      } catch (error) {
        throwIfAborted(signal)
        logger.warn({ err: error }, `the list of instruments was not read: ${errorMessage(error)}`)
        wait = RETRY_MS
      }
    }
  }

  #take(listed: readonly Listed[]): void {
    const { instruments, backlog } = this.#options
    instruments.replace(listed)
    backlog.push(instrument, listed.map(this.#recordOf(this.#options.now())))
  }

  readonly #recordOf =
    (now: Micros) =>
    ({ coinId, symbol, base, quote: currency, tickSize, lotSize, active }: Listed): Instrument => ({
      coinId,
      source: this.#options.source,
      time: now,
      receivedAt: now,
      origin: 'live',
      kind: 'pair',
      symbol,
      name: coinId,
      base,
      quote: currency,
      ...(tickSize !== undefined && { tickSize }),
      ...(lotSize !== undefined && { lotSize }),
      active,
    })
}
