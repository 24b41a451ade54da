import { QiError, type SourceContext, type Timeframe } from '../../../base/types/index.ts'
import { bybitBook, type Channel, chunks, type Listed, restOf, type Topic, type Venue } from '../../venue/index.ts'
import { type BybitConfig, type Market, traits } from './config.ts'
import { errorOf, isFailure } from './errors.ts'
import { INTERVALS } from './intervals.ts'
import { mapperOf } from './parse/live.ts'
import { barsIn, cursorIn, listedIn, tradesIn, volumesIn } from './parse/rest.ts'

const PEERS: Readonly<Record<Market, string>> = { spot: 'Bybit', linear: 'Bybit linear' }
/** The last trades that one call gives: there is no way to older ones. */
const LAST_TRADES: Readonly<Record<Market, number>> = { spot: 60, linear: 1000 }
/** Candles and instruments of one call. */
const PER_CALL = 1000
/** Pages of instruments: more would be a fault of the cursor. */
const MOST_PAGES = 100

export function openVenue(settings: BybitConfig, context: SourceContext): Venue {
  const { market } = settings
  const peer = PEERS[market]
  const rest = restOf(
    {
      peer,
      baseUrls: ['https://api.bybit.com'],
      // 600 in five seconds: a minute's calls may all come at once.
      weightPerMinute: 600,
      isFailure,
      errorOf: (answer, what) => errorOf(peer, answer, what),
    },
    settings,
    context,
  )
  const source = context.name
  // Depths that Bybit pushes.
  const depth = settings.book_levels <= 50 ? 50 : 200

  async function listed(signal?: AbortSignal): Promise<Listed[]> {
    const tickers = settings.symbols ? undefined : await rest.get('/v5/market/tickers', { category: market }, { signal })
    const volumes = tickers ? volumesIn(tickers.body) : new Map()
    const all: Listed[] = []
    let cursor: string | undefined
    for (let page = 0; page < MOST_PAGES; page++) {
      const query = { category: market, limit: PER_CALL, cursor }
      const { body } = await rest.get('/v5/market/instruments-info', query, { signal })
      all.push(...listedIn(body, market, volumes))
      cursor = cursorIn(body)
      if (cursor === undefined) return all
    }
    throw new QiError('BAD_DATA', `${peer} /v5/market/instruments-info: more than ${MOST_PAGES} pages of instruments`)
  }

  const nameOf = (channel: Channel, symbol: string, timeframe: Timeframe | undefined): string => {
    if (channel === 'trades') return `publicTrade.${symbol}`
    if (channel === 'quotes') return `orderbook.1.${symbol}`
    return channel === 'books' ? `orderbook.${depth}.${symbol}` : `kline.${INTERVALS[timeframe as Timeframe]}.${symbol}`
  }

  return {
    peer,
    resolution: 'ms',
    limits: traits.limits,
    sockets: settings.ws_url ?? [`wss://stream.bybit.com/v5/public/${market}`],
    silenceMs: 60_000,
    ping: { everyMs: 20_000, text: () => '{"op":"ping"}' },
    candlesEnd: 'flag',
    quotesNumbered: true,
    liveTimeframes: traits.timeframes,
    listed,
    topic: (channel, instrument, timeframe): Topic => ({
      name: nameOf(channel, instrument.symbol, timeframe),
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
    trades: {
      numbering: 'none',
      summary: `the last ${LAST_TRADES[market]} trades alone`,
      async recent(instrument, signal) {
        const query = { category: market, symbol: instrument.symbol, limit: LAST_TRADES[market] }
        const { body, receivedAt } = await rest.get('/v5/market/recent-trade', query, { signal })
        return tradesIn(body, source, instrument, receivedAt)
      },
    },
    books: {
      protocol: bybitBook,
      keptLevels: () => depth,
      unsubscribe: (topics, id) => [requestOf('unsubscribe', topics, id)],
    },
    candles: {
      timeframes: traits.timeframes,
      perCall: PER_CALL,
      async fetch(instrument: Listed, timeframe: Timeframe, from, to, signal) {
        const query = {
          category: market,
          symbol: instrument.symbol,
          interval: INTERVALS[timeframe],
          start: Math.ceil(from / 1000),
          end: Math.ceil(to / 1000) - 1,
          limit: PER_CALL,
        }
        const { body, receivedAt } = await rest.get('/v5/market/kline', query, { signal })
        return barsIn(body, source, instrument, timeframe, receivedAt)
      },
    },
    reach: (signal) => rest.get('/v5/market/time', {}, { signal, attempts: 1 }),
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

const requestOf = (op: 'subscribe' | 'unsubscribe', topics: readonly Topic[], id: number): string =>
  JSON.stringify({ req_id: String(id), op, args: topics.map(({ name }) => name) })
