import type { Book, SourceContext, Timeframe } from '../../../base/types/index.ts'
import { type Channel, chunks, type Listed, multiply, okxBook, restOf, type Topic, type Venue } from '../../venue/index.ts'
import { BARS } from './bars.ts'
import { type Market, type OkxConfig, traits } from './config.ts'
import { errorOf, isFailure } from './errors.ts'
import { mapperOf, nameOf } from './parse/live.ts'
import { barsIn, listedIn, volumesIn } from './parse/rest.ts'
import { tradeHistory } from './trades.ts'

const PEERS: Readonly<Record<Market, string>> = { spot: 'OKX', swap: 'OKX swaps' }
const INSTRUMENT_TYPES: Readonly<Record<Market, string>> = { spot: 'SPOT', swap: 'SWAP' }

const CHANNELS: Readonly<Record<Exclude<Channel, 'candles'>, string>> = {
  // The channel `trades` joins the trades of one taker order at one price.
  trades: 'trades-all',
  quotes: 'bbo-tbt',
  books: 'books',
}
/** Every single trade, and candles, have an address of their own. */
const ENDPOINTS: Readonly<Record<Channel, string>> = {
  trades: '/business',
  candles: '/business',
  quotes: '/public',
  books: '/public',
}

/** Levels of a side in the channel `books`. */
const DEPTH = 400
/** Candles of one call. */
const PER_CALL = 100

export function openVenue(settings: OkxConfig, context: SourceContext): Venue {
  const { market } = settings
  const peer = PEERS[market]
  const instType = INSTRUMENT_TYPES[market]
  const rest = restOf(
    {
      peer,
      baseUrls: ['https://www.okx.com'],
      // Twenty calls in two seconds, of each path.
      weightPerMinute: 600,
      isFailure,
      errorOf: (answer, what) => errorOf(peer, answer, what),
    },
    settings,
    context,
  )
  const source = context.name
  return {
    peer,
    resolution: 'ms',
    limits: traits.limits,
    sockets: (settings.ws_url ?? ['wss://ws.okx.com:8443/ws/v5']).map((address) => address.replace(/\/+$/, '')),
    endpoint: (channel) => ENDPOINTS[channel],
    // The server ends a connection on which nothing went either way for 30 seconds.
    silenceMs: 60_000,
    ping: { everyMs: 25_000, text: () => 'ping' },
    candlesEnd: 'flag',
    quotesNumbered: true,
    liveTimeframes: traits.timeframes,
    async listed(signal) {
      const instruments = await rest.get('/api/v5/public/instruments', { instType }, { signal })
      const tickers = settings.symbols ? undefined : await rest.get('/api/v5/market/tickers', { instType }, { signal })
      return listedIn(instruments.body, market, tickers ? volumesIn(tickers.body, market) : new Map())
    },
    topic: (channel, instrument, timeframe): Topic => ({
      name: nameOf(channelOf(channel, timeframe), instrument.symbol),
      channel,
      instrument,
      ...(timeframe && { timeframe }),
    }),
    subscribe: (topics, id) =>
      chunks(topics, traits.limits.topicsPerRequest).map((some, index) => ({
        id: id + index,
        text: requestOf('subscribe', some, id + index),
        topics: some,
      })),
    mapper: mapperOf,
    trades: tradeHistory(rest, source),
    books: {
      protocol: okxBook,
      keptLevels: () => DEPTH,
      unsubscribe: (topics, id) => [requestOf('unsubscribe', topics, id)],
      ...(market === 'swap' && { inBaseUnits }),
    },
    candles: {
      timeframes: traits.timeframes,
      perCall: PER_CALL,
      async fetch(instrument: Listed, timeframe: Timeframe, from, to, signal) {
        const query = {
          instId: instrument.symbol,
          bar: BARS[timeframe],
          // Both ends are left out.
          before: Math.ceil(from / 1000) - 1,
          after: Math.ceil(to / 1000),
          limit: PER_CALL,
        }
        const { body, receivedAt } = await rest.get('/api/v5/market/history-candles', query, { signal })
        return barsIn(body, source, instrument, timeframe, receivedAt)
      },
    },
    reach: (signal) => rest.get('/api/v5/public/time', {}, { signal, attempts: 1 }),
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

const inBaseUnits = (book: Book, { contractSize }: Listed): Book =>
  contractSize === undefined
    ? book
    : {
        ...book,
        bidSizes: book.bidSizes.map((size) => multiply(size, contractSize)),
        askSizes: book.askSizes.map((size) => multiply(size, contractSize)),
      }

const channelOf = (channel: Channel, timeframe: Timeframe | undefined): string =>
  channel === 'candles' ? `candle${BARS[timeframe as Timeframe]}` : CHANNELS[channel]

const requestOf = (op: 'subscribe' | 'unsubscribe', topics: readonly Topic[], id: number): string =>
  JSON.stringify({
    id: String(id),
    op,
    args: topics.map(({ channel, instrument, timeframe }) => ({
      channel: channelOf(channel, timeframe),
      instId: instrument.symbol,
    })),
  })
