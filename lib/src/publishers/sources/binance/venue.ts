import type { SourceContext } from '../../../base/types/index.ts'
import { binanceBook, chunks, type Listed, restOf, type Topic, type TradeRange, type Venue } from '../../venue/index.ts'
import { answerError } from '../shared/errors.ts'
import { arrayOf, objectOf } from '../shared/json.ts'
import { type BinanceConfig, type Market, traits } from './config.ts'
import { mapperOf } from './parse/live.ts'
import { barsIn, listedIn, snapshotIn, tradesIn, volumesIn } from './parse/rest.ts'

/** Addresses, paths and weights of a market. */
interface Api {
  readonly peer: string
  readonly rest: readonly string[]
  readonly sockets: readonly string[]
  readonly path: string
  readonly weightPerMinute: number
  /** The stream of trades. Futures push aggregates alone: trades of one order at one price are one. */
  readonly trades: 'trade' | 'aggTrade'
  readonly weights: {
    readonly info: number
    readonly tickers: number
    readonly trades: number
    readonly klines: number
    readonly depth: number
  }
}

const APIS: Readonly<Record<Market, Api>> = {
  spot: {
    peer: 'Binance',
    rest: ['https://api.binance.com', 'https://api-gcp.binance.com'],
    sockets: ['wss://stream.binance.com:9443/stream', 'wss://stream.binance.com:443/stream'],
    path: '/api/v3',
    weightPerMinute: 6000,
    trades: 'trade',
    weights: { info: 20, tickers: 80, trades: 25, klines: 2, depth: 50 },
  },
  usdm: {
    peer: 'Binance USD-M',
    rest: ['https://fapi.binance.com'],
    sockets: ['wss://fstream.binance.com/stream'],
    path: '/fapi/v1',
    weightPerMinute: 2400,
    trades: 'aggTrade',
    weights: { info: 1, tickers: 40, trades: 20, klines: 5, depth: 20 },
  },
}

/** Trades and candles of one call. */
const PER_CALL = 1000
/** Levels of a side in a snapshot of an order book. */
const DEPTH = 1000

export function openVenue(settings: BinanceConfig, context: SourceContext): Venue {
  const api = APIS[settings.market]
  const { peer, path, weights } = api
  const rest = restOf(
    {
      peer,
      baseUrls: api.rest,
      weightPerMinute: api.weightPerMinute,
      ...(settings.api_key && { headers: { 'x-mbx-apikey': settings.api_key }, secrets: [settings.api_key] }),
      errorOf: (answer, what) => {
        const { code, msg } = errorBody(answer.body)
        return answerError(peer, what, answer, {
          // 418: the address is banned for a while after too many 429.
          ...(answer.status === 418 && { code: 'RATE_LIMITED' as const }),
          ...(answer.status === 451 && {
            code: 'FORBIDDEN' as const,
            remedy: 'the venue does not serve this country; use rest_url and ws_url of a venue that does',
          }),
          apiCode: code,
          message: msg,
        })
      },
    },
    settings,
    context,
  )
  const source = context.name
  return {
    peer,
    resolution: 'ms',
    limits: traits.limits,
    sockets: settings.ws_url ?? api.sockets,
    // The server pings every 20 seconds (futures: 3 minutes).
    silenceMs: settings.market === 'spot' ? 65_000 : 200_000,
    ping: { everyMs: 30_000 },
    candlesEnd: 'flag',
    quotesNumbered: true,
    liveTimeframes: traits.timeframes,
    async listed(signal) {
      const info = await rest.get(
        `${path}/exchangeInfo`,
        settings.market === 'spot' ? { permissions: 'SPOT', showPermissionSets: 'false' } : {},
        {
          signal,
          weight: weights.info,
        },
      )
      const volumes = settings.symbols
        ? undefined
        : await rest.get(`${path}/ticker/24hr`, {}, { signal, weight: weights.tickers })
      return listedIn(info.body, volumes ? volumesIn(volumes.body) : new Map())
    },
    topic: (channel, instrument, timeframe): Topic => ({
      name: `${instrument.symbol.toLowerCase()}@${streamOf(channel, api.trades, timeframe)}`,
      channel,
      instrument,
      ...(timeframe && { timeframe }),
    }),
    subscribe: (topics, id) =>
      chunks(topics, traits.limits.topicsPerRequest).map((some, index) => ({
        id: id + index,
        text: JSON.stringify({ method: 'SUBSCRIBE', params: some.map(({ name }) => name), id: id + index }),
        topics: some,
      })),
    mapper: mapperOf,
    trades: {
      numbering: 'contiguous',
      summary: `${PER_CALL} a call, from the first trade on`,
      async *byNumber(instrument: Listed, { first, last }: TradeRange, signal?: AbortSignal) {
        for (let from = first; from <= last; ) {
          const { body, receivedAt } = await rest.get(
            `${path}/${api.trades === 'trade' ? 'historicalTrades' : 'aggTrades'}`,
            { symbol: instrument.symbol, fromId: from, limit: Math.min(PER_CALL, last - from + 1) },
            { signal, weight: weights.trades },
          )
          const page = tradesIn(body, source, instrument, receivedAt)
          const records = page.records.filter(({ sequence = 0 }) => sequence >= first && sequence <= last)
          yield { ...page, records }
          const reached = Math.max(...records.map(({ sequence = 0 }) => sequence))
          if (!(reached >= from)) return
          from = reached + 1
        }
      },
      async *byTime(instrument, from, to, signal) {
        // The first number of the range is found by aggregates, which alone can be asked for by time; they name their trades.
        const { body } = await rest.get(
          `${path}/aggTrades`,
          { symbol: instrument.symbol, startTime: Math.floor(from / 1000), endTime: Math.ceil(to / 1000), limit: 1 },
          { signal, weight: api.trades === 'trade' ? 4 : weights.trades },
        )
        const [found] = arrayOf(body, 'the aggregates')
        if (found === undefined) return
        const { f, a } = objectOf(found, 'an aggregate')
        for (let next = Number(String(api.trades === 'trade' ? f : a)); ; ) {
          let reached: { readonly sequence: number; readonly time: number } | undefined
          for await (const page of this.byNumber?.(instrument, { first: next, last: next + PER_CALL - 1, from, to }, signal) ??
            []) {
            yield page
            const last = page.records.at(-1)
            if (last?.sequence !== undefined) reached = { sequence: last.sequence, time: last.time }
          }
          if (!reached || reached.time >= to) return
          next = reached.sequence + 1
        }
      },
    },
    books: {
      protocol: binanceBook,
      // The snapshot has 1000 levels a side; the price may walk ten times the wanted depth before a new one is needed.
      keptLevels: () => DEPTH,
      async snapshot(instrument, signal) {
        const { body } = await rest.get(
          `${path}/depth`,
          { symbol: instrument.symbol, limit: DEPTH },
          { signal, weight: weights.depth },
        )
        return snapshotIn(body, DEPTH)
      },
    },
    candles: {
      timeframes: traits.timeframes,
      perCall: PER_CALL,
      async fetch(instrument, timeframe, from, to, signal) {
        const query = {
          symbol: instrument.symbol,
          interval: timeframe,
          startTime: Math.ceil(from / 1000),
          endTime: Math.ceil(to / 1000) - 1,
          limit: PER_CALL,
        }
        const { body, receivedAt } = await rest.get(`${path}/klines`, query, { signal, weight: weights.klines })
        return barsIn(body, source, instrument, timeframe, receivedAt)
      },
    },
    reach: (signal) => rest.get(`${path}/ping`, {}, { signal, attempts: 1 }),
    get baseUrl() {
      return rest.baseUrl
    },
    get answeredMsAgo() {
      return rest.answeredMsAgo
    },
    close: () => rest.close(),
    [Symbol.asyncDispose]: () => rest.close(),
  }
}

function streamOf(channel: Topic['channel'], trades: Api['trades'], timeframe: Topic['timeframe']): string {
  if (channel === 'trades') return trades
  if (channel === 'quotes') return 'bookTicker'
  return channel === 'candles' ? `kline_${timeframe}` : 'depth@100ms'
}

/** `{"code":-1121,"msg":"Invalid symbol."}`; other bodies are of a proxy. */
function errorBody(body: string): { readonly code?: number; readonly msg?: string } {
  try {
    const { code, msg } = JSON.parse(body) as { code?: unknown; msg?: unknown }
    return { ...(typeof code === 'number' && { code }), ...(typeof msg === 'string' && { msg }) }
  } catch {
    return {}
  }
}
