import type { Clock } from '../../base/networking/index.ts'
import {
  book,
  type Logger,
  type Micros,
  type Ohlcv,
  ohlcv,
  type Quote,
  quote,
  type RecordType,
  type Rejected,
  recordTypes,
  type StoredNumber,
  type StreamSeries,
  type Timeframe,
  type Trade,
  trade,
} from '../../base/types/index.ts'
import type { Backlog } from './Backlog.ts'
import { Books } from './Books.ts'
import { CandleCloser } from './CandleCloser.ts'
import { Filler } from './Filler.ts'
import { Identities } from './Identities.ts'
import type { Instruments } from './Instruments.ts'
import { QuoteFilter } from './QuoteFilter.ts'
import { Sequencer } from './Sequencer.ts'
import { Skew } from './Skew.ts'
import type { VenueSettings } from './settings.ts'
import { type Listed, type Mapped, type Topic, TYPE_OF, type Venue } from './types.ts'

export interface RecordFlowOptions {
  readonly source: string
  readonly venue: Venue
  readonly settings: VenueSettings
  readonly instruments: Instruments
  readonly backlog: Backlog
  readonly resubscribe: (topic: Topic) => void
  readonly outage: (series: readonly StreamSeries[], reason: string) => AsyncDisposable
  readonly logger: Logger
  readonly clock: Clock
  readonly now: () => Micros
  readonly signal: AbortSignal
}

/** Wait before missing numbers are asked for, while another feed may still bring them. */
const GRACE_MS = 500
const MOST_OF_GARBAGE = 16_384

/**
 * The way of records from the sockets into the backlog: trades in their order and each once, missing ones fetched; quotes thinned out;
 * candles closed.
 */
export class RecordFlow {
  readonly #options: RecordFlowOptions
  readonly #backlog: Backlog
  readonly #sequencer: Sequencer
  readonly #identities = new Identities()
  readonly #filler: Filler
  readonly #quotes: QuoteFilter
  readonly #candles: CandleCloser
  readonly #books: Books
  readonly #skew: Skew
  readonly #numbered: boolean
  #upAt: Micros = 0

  constructor(options: RecordFlowOptions) {
    const { source, venue, settings, instruments, backlog, logger, clock, now, signal } = options
    this.#options = options
    this.#backlog = backlog
    this.#numbered = venue.trades.numbering === 'contiguous'
    this.#sequencer = new Sequencer({
      emit: (trades) => backlog.push(trade, trades),
      onGap: (gap) => this.#filler.gap(gap, () => this.#sequencer.isMissing(gap)),
    })
    this.#filler = new Filler({
      source,
      history: venue.trades,
      instrument: (coinId) => instruments.named(coinId),
      graceMs: settings.twin ? GRACE_MS : 0,
      most: settings.fill === 'none' ? 0 : settings.fill_max,
      onPage: async ({ records, rejected }) => {
        await backlog.room()
        if (this.#numbered) this.#sequencer.filled(records)
        else backlog.push(trade, this.#identities.fresh(records))
        backlog.push(trade, [], rejected)
      },
      onEnd: (gap) => this.#sequencer.fillEnded(gap),
      logger,
      clock,
      signal,
    })
    const pushQuotes = (quotes: readonly Quote[]) => backlog.push(quote, quotes)
    this.#quotes = new QuoteFilter(settings.quote_every_ms, venue.quotesNumbered, pushQuotes, clock, signal)
    this.#candles = new CandleCloser({
      flagged: venue.candlesEnd === 'flag',
      emit: (bars) => backlog.push(ohlcv, bars),
      onGap: (after, before) => this.#barsMissing(after, before),
      clock,
      now,
      signal,
    })
    this.#books = new Books({
      source,
      traits: venue.books,
      levels: settings.book_levels,
      everyMs: settings.book_every_ms,
      emit: (books) => backlog.push(book, books),
      resubscribe: options.resubscribe,
      outage: ({ coinId, quote: currency }, reason) => options.outage([{ type: 'book', coinId, currency }], reason),
      logger,
      clock,
      now,
      signal,
    })
    this.#skew = new Skew(venue.peer, logger)
  }

  /** Order books of a source are followed by themselves. */
  follow(topics: readonly Topic[]): void {
    for (const topic of topics) if (topic.channel === 'books') this.#books.follow(topic)
  }

  /** The connection that carries the order books of these topics ended. */
  booksDisconnected(topics: readonly Topic[]): void {
    this.#books.disconnected(topics)
  }

  /** Gaps of trades since the start. */
  get counts() {
    return this.#filler.counts
  }

  /** Order books that are verified, of all. */
  get books() {
    return this.#books.counts
  }

  /** Lets trades continue behind the stored ones, so that a stop of the platform is filled as a cut is. */
  startAfter(stored: ReadonlyMap<string, StoredNumber>): void {
    for (const [coinId, { sequence, time }] of stored) this.#sequencer.startAfter(coinId, sequence, time)
  }

  /** Some instruments are connected, for the first time or again: fetches what a venue without numbers still has of the time before. */
  connected(listed: readonly Listed[], first: boolean): void {
    this.#upAt = this.#options.now()
    const { fill, channels } = this.#options.settings
    const wanted = first ? fill === 'start' : fill !== 'none'
    if (!this.#numbered && wanted && channels.includes('trades')) this.#filler.recent(listed)
  }

  take(mapped: Exclude<Mapped, undefined>, receivedAt: Micros): void {
    switch (mapped.kind) {
      case 'trades':
        this.#takeTrades(mapped.records as readonly Trade[], mapped.rejected)
        break
      case 'quotes':
        this.#quotes.take(mapped.records as readonly Quote[])
        this.#backlog.push(quote, [], mapped.rejected)
        break
      case 'candles':
        this.#candles.take(mapped.records as readonly Ohlcv[])
        this.#backlog.push(ohlcv, [], mapped.rejected)
        break
      case 'last':
        this.#sequencer.tellLast(mapped.coinId, mapped.sequence, receivedAt)
        break
      case 'rejected':
        this.#backlog.push(mapped.type, [], mapped.rejected)
        break
      case 'book':
        this.#books.take(mapped, receivedAt)
        break
      case 'ack':
      case 'ending':
        break
    }
  }

  /** A text that cannot be read becomes a dead letter of the first channel: it belongs to no record type. */
  reject(text: string, reason: string): void {
    const { settings, venue } = this.#options
    const [channel = 'trades'] = settings.channels
    const rejected = [{ reason: `${venue.peer}: ${reason}`, original: text.slice(0, MOST_OF_GARBAGE) }]
    this.#backlog.push(recordTypes[TYPE_OF[channel]] as unknown as RecordType, [], rejected)
  }

  /** Returns once no fetch runs. */
  idle(): Promise<void> {
    return this.#filler.idle()
  }

  #takeTrades(trades: readonly Trade[], rejected: readonly Rejected[] | undefined): void {
    const [first] = trades
    if (first) this.#skew.compare(first)
    if (this.#numbered) this.#sequencer.take(trades)
    else this.#backlog.push(trade, this.#identities.fresh(trades))
    if (rejected) this.#backlog.push(trade, [], rejected)
  }

  #barsMissing(after: Ohlcv, before: Ohlcv): void {
    // Without a cut in between the venue left out bars in which nothing was traded.
    if (after.receivedAt < this.#upAt) this.#fetchBars(after.coinId, after.timeframe, after.time, before.time)
  }

  #fetchBars(coinId: string, timeframe: Timeframe, from: Micros, to: Micros): void {
    const { venue, settings, instruments, signal } = this.#options
    const listed = instruments.named(coinId)
    const { candles } = venue
    if (!listed || settings.fill === 'none' || !candles.timeframes.includes(timeframe)) return
    this.#filler.run(async () => {
      const page = await candles.fetch(listed, timeframe, from, to, signal)
      await this.#backlog.room()
      this.#backlog.push(ohlcv, page.records, page.rejected)
    })
  }
}
