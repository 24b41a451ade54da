import { throwIfAborted } from '../../../base/networking/index.ts'
import {
  type History,
  type HistoryOffer,
  type HistorySeries,
  type HistoryWindow,
  type Micros,
  QiError,
  type RecordBatch,
  type Timeframe,
  timeframeMicros,
} from '../../../base/types/index.ts'
import { calendarOfName, type Listing } from './listing.ts'
import { MOST_BARS, type TwelveDataClient } from './TwelveDataClient.ts'
import { isDated, TWELVEDATA_TIMEFRAMES } from './timeframes.ts'
import { windowsOf } from './windows.ts'

export interface TwelveDataHistoryOptions {
  readonly client: TwelveDataClient
  /** Those of the settings: they tell which exchange a pair is from. */
  readonly symbols: readonly string[]
}

/** Candles of the past, in windows of at most 5,000 bars of open hours. */
export class TwelveDataHistory implements History {
  readonly currencies: readonly string[] = ['USD']
  readonly #client: TwelveDataClient
  readonly #symbols: readonly string[]
  readonly #closing = new AbortController()
  /** When the bars of a series begin, by series. */
  readonly #earliest = new Map<string, Micros>()

  /** Ids whose instrument was given. */
  readonly #told = new Set<string>()

  constructor({ client, symbols }: TwelveDataHistoryOptions) {
    this.#client = client
    this.#symbols = symbols
  }

  async currencyOf(coinId: string): Promise<string | undefined> {
    return (await this.#listing(coinId)).currency
  }

  offers(): readonly HistoryOffer[] {
    return TWELVEDATA_TIMEFRAMES.map((timeframe) => ({
      type: 'ohlcv',
      timeframe,
      summary: `${MOST_BARS} bars of open hours a call, as far back as Twelve Data has the instrument`,
    }))
  }

  *plan(series: HistorySeries, from: Micros, to: Micros): Generator<HistoryWindow> {
    const timeframe = timeframeOf(series)
    // Its exchange is in the name, so that planning costs no credit.
    yield* windowsOf(calendarOfName(series.coinId), timeframe, from, to)
  }

  async *fetch(series: HistorySeries, window: HistoryWindow, signal?: AbortSignal): AsyncGenerator<RecordBatch> {
    const timeframe = timeframeOf(series)
    const either = signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal
    const listing = await this.#listing(series.coinId, either)
    const key = `${series.coinId}\n${timeframe}`
    this.#refuseBeforeFirst(listing, window, this.#earliest.get(key))
    if (!this.#told.has(listing.coinId)) {
      // It names the calendar of the series: without it nights would be gaps.
      yield await this.#client.instrument(this.#nameOf(series.coinId), { signal: either, origin: 'backfill' })
      this.#told.add(listing.coinId)
    }
    let any = false
    for await (const batch of this.#bars(listing, timeframe, window, either)) {
      any = true
      yield batch
    }
    if (any || this.#earliest.has(key)) return
    // An empty window may lie before the first bar, which is asked for once: earlier windows then cost nothing.
    this.#earliest.set(key, await this.#client.earliest(listing, timeframe, { signal: either }))
    this.#refuseBeforeFirst(listing, window, this.#earliest.get(key))
  }

  /** The bars of a stretch by time. An answer with the most bars was cut: the rest is asked for. */
  async *#bars(
    listing: Listing,
    timeframe: Timeframe,
    { from, to }: Pick<HistoryWindow, 'from' | 'to'>,
    signal: AbortSignal,
  ): AsyncGenerator<RecordBatch> {
    throwIfAborted(signal)
    const start = firstStamp(timeframe, from)
    if (start >= to) return
    const parsed = await this.#client.bars(listing, timeframe, { from: start, to }, { signal, origin: 'backfill' })
    if (!parsed) return
    const records = parsed.records.filter(({ time, isFinal }) => time >= from && time < to && isFinal)
    const cut = parsed.records.length + parsed.rejected.length >= MOST_BARS
    const [first, last] = [parsed.records[0]?.time, parsed.records.at(-1)?.time]
    if (cut && first !== undefined) yield* this.#bars(listing, timeframe, { from, to: Math.max(from, first) }, signal)
    if (records.length > 0 || parsed.rejected.length > 0) yield { ...parsed, records }
    if (cut && last !== undefined) yield* this.#bars(listing, timeframe, { from: last + timeframeMicros(timeframe), to }, signal)
  }

  /** @throws QiError UNSUPPORTED for a window before the first bar: it is not asked for again */
  #refuseBeforeFirst({ coinId }: Listing, { to }: HistoryWindow, earliest: Micros | undefined): void {
    if (earliest === undefined || to > earliest) return
    const since = new Date(earliest / 1000).toISOString().slice(0, 10)
    throw new QiError('UNSUPPORTED', `Twelve Data has ${coinId} from ${since} on only`)
  }

  /** The name of an id in the settings, which may tell its exchange. */
  #nameOf(coinId: string): string {
    return this.#symbols.find((symbol) => symbol === coinId || symbol.startsWith(`${coinId}:`)) ?? coinId
  }

  /** @throws QiError NOT_FOUND listing the candidates */
  async #listing(coinId: string, signal?: AbortSignal): Promise<Listing> {
    try {
      return await this.#client.resolve(this.#nameOf(coinId), 'coin_id', { signal })
    } catch (error) {
      if (!(error instanceof QiError) || error.code !== 'CONFIG_INVALID') throw error
      throw new QiError('NOT_FOUND', error.message, { cause: error, field: 'coin_id' })
    }
  }

  async close(): Promise<void> {
    this.#closing.abort(new QiError('CLOSED', `the history of ${this.#client.source} is closed`))
    await this.#client.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** @throws QiError UNSUPPORTED naming what there is */
function timeframeOf({ type, timeframe }: HistorySeries): Timeframe {
  if (type === 'ohlcv' && timeframe !== undefined && TWELVEDATA_TIMEFRAMES.some((each) => each === timeframe)) return timeframe
  const asked = type === 'ohlcv' ? `${timeframe ?? ''} candles` : type
  throw new QiError(
    'UNSUPPORTED',
    `Twelve Data has no history of ${asked}; there are candles of ${TWELVEDATA_TIMEFRAMES.join(', ')}`,
  )
}

/** The first time from `from` on that a request can name: a whole second, or the date of a dated bar. */
function firstStamp(timeframe: Timeframe, from: Micros): Micros {
  const unit = isDated(timeframe) ? timeframeMicros('1d') : 1_000_000
  return Math.ceil(from / unit) * unit
}
