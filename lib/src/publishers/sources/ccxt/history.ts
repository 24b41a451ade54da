import { throwIfAborted } from '../../../base/networking/index.ts'
import {
  type History,
  type HistoryOffer,
  type HistorySeries,
  type HistoryWindow,
  type Micros,
  ohlcv,
  QiError,
  type RecordBatch,
  type Timeframe,
  timeframeMicros,
  trade,
} from '../../../base/types/index.ts'
import type { Seen } from '../shared/collect.ts'
import type { CcxtClient } from './CcxtClient.ts'
import type { CcxtConfig } from './config.ts'
import { timeframesOf } from './jobs/index.ts'
import type { CcxtMarket } from './library.ts'
import { parseCandles } from './parse/candles.ts'
import { parseTrades } from './parse/trades.ts'

/** Candles of one call where ccxt knows no limit of the exchange. */
const USUAL_CANDLES = 200
/** Trades are asked for by the hour: the longest range that some exchanges take. */
const TRADES_WINDOW: Micros = timeframeMicros('1h')

/** Candles, and trades where the exchange can be asked for those from a time on. */
export class CcxtHistory implements History {
  readonly currencies: readonly string[]
  readonly #client: CcxtClient
  readonly #source: string
  readonly #perCall: number | undefined
  readonly #closing = new AbortController()

  constructor(client: CcxtClient, { symbols, trades_per_call }: CcxtConfig, source: string) {
    this.#client = client
    this.#source = source
    this.#perCall = trades_per_call
    const quotes = symbols.flatMap((symbol) => symbol.split('/')[1] ?? [])
    this.currencies = [...new Set(quotes)]
  }

  offers(): readonly HistoryOffer[] {
    const { exchange } = this.#client
    return [
      ...timeframesOf(exchange).map(
        (timeframe) =>
          ({ type: 'ohlcv', timeframe, summary: `${this.#candlesPerCall} a call, as far back as ${exchange.id} gives` }) as const,
      ),
      ...(exchange.has.fetchTrades === true
        ? [{ type: 'trade', summary: `by the hour, if ${exchange.id} gives trades from a time on` } as const]
        : []),
    ]
  }

  *plan(series: HistorySeries, from: Micros, to: Micros): Generator<HistoryWindow> {
    const { spacing, size } = this.#windowsOf(series)
    for (let at = from; at < to; ) {
      const end = Math.min(to, Math.floor(at / size) * size + size)
      yield { from: at, to: end, spacing }
      at = end
    }
  }

  async *fetch(series: HistorySeries, window: HistoryWindow, signal?: AbortSignal): AsyncGenerator<RecordBatch> {
    this.#windowsOf(series)
    const either = signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal
    if (!this.#client.hasMarkets) await this.#client.loadMarkets({ signal: either })
    const market = this.#marketOf(series)
    yield* series.type === 'trade'
      ? this.#trades(market, window, either)
      : this.#candles(market, series.timeframe as Timeframe, window, either)
  }

  async *#candles(
    market: CcxtMarket,
    timeframe: Timeframe,
    { from, to }: HistoryWindow,
    signal: AbortSignal,
  ): AsyncGenerator<RecordBatch> {
    const length = timeframeMicros(timeframe)
    for (let at = Math.ceil(from / length) * length; at < to; ) {
      throwIfAborted(signal)
      const limit = Math.min(this.#candlesPerCall, Math.ceil((to - at) / length))
      const { value, askedAt, receivedAt } = await this.#client.call(
        'candles',
        (exchange) => exchange.fetchOHLCV(market.symbol, timeframe, Math.floor(at / 1000), limit),
        { signal },
      )
      const parsed = parseCandles(value, market, timeframe, askedAt, this.#seen(receivedAt))
      const records = parsed.records.filter(({ time, isFinal }) => time >= at && time < to && isFinal)
      if (records.length > 0 || parsed.rejected.length > 0) yield { ...parsed, type: ohlcv, records }
      // An exchange may give fewer at once. One that gives nothing has nothing.
      const last = records.at(-1)?.time
      if (last === undefined) return
      at = last + length
    }
  }

  async *#trades(market: CcxtMarket, { from, to }: HistoryWindow, signal: AbortSignal): AsyncGenerator<RecordBatch> {
    let since = from
    let before: ReadonlySet<string> = new Set()
    for (;;) {
      throwIfAborted(signal)
      const page = await this.#page(market, since, signal)
      const ids = new Set(page.records.map(({ tradeId }) => tradeId))
      const fresh = page.records.filter(({ tradeId }) => !before.has(tradeId))
      const records = fresh.filter(({ time }) => time >= from && time < to)
      if (before.size === 0 && records.length === 0 && page.records.length > 0)
        await this.#refuseIfTimeIsIgnored(market, ids, from, signal)
      if (records.length > 0 || page.rejected.length > 0) yield { ...page, type: trade, records }
      const last = page.records.at(-1)?.time
      if (fresh.length === 0 || last === undefined || last >= to) return
      if (last === since && before.size > 0)
        throw new QiError(
          'UNSUPPORTED',
          `${this.#client.exchange.id} had more trades of ${market.symbol} in one millisecond than it gives at once`,
        )
      since = last
      before = ids
    }
  }

  /** Some exchanges give their latest trades whatever the time that was asked for: that is no sign that there were none. */
  async #refuseIfTimeIsIgnored(market: CcxtMarket, ids: ReadonlySet<string>, from: Micros, signal: AbortSignal): Promise<void> {
    const latest = await this.#page(market, undefined, signal)
    const first = latest.records[0]
    if (first && first.time > from && latest.records.some(({ tradeId }) => ids.has(tradeId)))
      throw new QiError('UNSUPPORTED', `${this.#client.exchange.id} gives only its latest trades of ${market.symbol}`)
  }

  async #page({ symbol, ...market }: CcxtMarket, since: Micros | undefined, signal: AbortSignal) {
    const { value, receivedAt } = await this.#client.call(
      'trades',
      (exchange) => exchange.fetchTrades(symbol, since === undefined ? undefined : Math.floor(since / 1000), this.#perCall),
      { signal },
    )
    return parseTrades(value, { symbol, ...market }, this.#seen(receivedAt))
  }

  #seen(receivedAt: Micros): Seen {
    return { source: this.#source, receivedAt, origin: 'backfill' }
  }

  get #candlesPerCall(): number {
    return this.#client.exchange.features?.spot?.fetchOHLCV?.limit ?? USUAL_CANDLES
  }

  /** @throws QiError UNSUPPORTED */
  #windowsOf({ type, timeframe }: HistorySeries): { readonly spacing: Micros; readonly size: Micros } {
    const { exchange } = this.#client
    const there = timeframesOf(exchange)
    if (type === 'trade' && exchange.has.fetchTrades === true) return { spacing: 1_000_000, size: TRADES_WINDOW }
    if (type === 'ohlcv' && timeframe !== undefined && there.includes(timeframe)) {
      const spacing = timeframeMicros(timeframe)
      return { spacing, size: spacing * this.#candlesPerCall }
    }
    const what = type === 'ohlcv' ? `${timeframe ?? ''} candles` : type
    const offered = this.offers().map((offer) => [offer.timeframe, offer.type].filter(Boolean).join(' '))
    throw new QiError('UNSUPPORTED', `${exchange.id} has no history of ${what}; there is ${offered.join(', ') || 'none'}`)
  }

  /** @throws QiError NOT_FOUND, UNSUPPORTED */
  #marketOf({ coinId, currency }: HistorySeries): CcxtMarket {
    const { exchange } = this.#client
    const market = this.#client.market(coinId)
    if (!market) throw new QiError('NOT_FOUND', `${exchange.id} has no spot pair ${coinId}`)
    if (market.quote === currency) return market
    throw new QiError('UNSUPPORTED', `the figures of ${coinId} are in ${market.quote}, not in ${currency}`)
  }

  async close(): Promise<void> {
    this.#closing.abort(new QiError('CLOSED', `the history of ${this.#source} is closed`))
    await this.#client.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
