import type { SourceContext } from '../../../base/types/index.ts'
import { type Channel, chunks, krakenBook, restOf, type Topic, type Venue } from '../../venue/index.ts'
import { type KrakenConfig, traits } from './config.ts'
import { errorOf, isFailure } from './errors.ts'
import { mapperOf, minutesOf } from './parse/live.ts'
import { barsIn, listedIn, volumesIn } from './parse/rest.ts'
import { tradeHistory } from './trades.ts'

const PEER = 'Kraken'
const SECOND = 1_000_000
/** Bars of one call, and all that Kraken has. */
const BARS = 720
/** Depths of a book that may be subscribed to. */
const DEPTHS = [10, 25, 100, 500, 1000]
const depthFor = (levels: number): number => DEPTHS.find((depth) => depth >= levels) ?? 1000

const CHANNELS: Readonly<Record<Channel, string>> = { trades: 'trade', quotes: 'ticker', candles: 'ohlc', books: 'book' }

/** Kraken spot, by version 2 of its sockets and REST. */
export function openVenue(settings: KrakenConfig, context: SourceContext): Venue {
  const rest = restOf(
    {
      peer: PEER,
      baseUrls: ['https://api.kraken.com'],
      weightPerMinute: 60,
      isFailure,
      errorOf: (answer, what) => errorOf(PEER, answer, what),
    },
    settings,
    context,
  )
  const source = context.name
  /** Parameters of the subscription of a topic, but for its symbol. */
  const paramsOf = ({ channel, timeframe }: Topic) => ({
    channel: CHANNELS[channel],
    // The last 50 trades tell at once if some were missed. Candles of the past come by REST.
    snapshot: channel !== 'candles',
    ...(channel === 'quotes' && { event_trigger: 'bbo' }),
    ...(channel === 'books' && { depth: depthFor(settings.book_levels) }),
    ...(timeframe && { interval: minutesOf(timeframe) }),
  })
  return {
    peer: PEER,
    resolution: 'ms',
    limits: traits.limits,
    sockets: settings.ws_url ?? ['wss://ws.kraken.com/v2'],
    // A heartbeat comes each second.
    silenceMs: 20_000,
    ping: { everyMs: 15_000, text: () => '{"method":"ping"}' },
    candlesEnd: 'next',
    quotesNumbered: false,
    liveTimeframes: traits.timeframes,
    async listed(signal) {
      const { body } = await rest.get('/0/public/AssetPairs', {}, { signal })
      const volumes = settings.symbols ? undefined : await rest.get('/0/public/Ticker', {}, { signal })
      return listedIn(body, volumes ? volumesIn(volumes.body) : new Map())
    },
    topic: (channel, instrument, timeframe): Topic => ({
      name: `${CHANNELS[channel]}${timeframe ? `-${minutesOf(timeframe)}` : ''}:${instrument.symbol}`,
      channel,
      instrument,
      ...(timeframe && { timeframe }),
    }),
    // Topics with equal parameters share a request.
    subscribe: (topics, id) =>
      [...Map.groupBy(topics, (topic) => JSON.stringify(paramsOf(topic)))]
        .flatMap(([params, same]) => chunks(same, traits.limits.topicsPerRequest).map((some) => ({ params, some })))
        .map(({ params, some }, index) => ({
          id: id + index,
          text: JSON.stringify({
            method: 'subscribe',
            params: { ...JSON.parse(params), symbol: some.map(({ instrument }) => instrument.symbol) },
            req_id: id + index,
          }),
          topics: some,
        })),
    mapper: mapperOf,
    trades: tradeHistory(rest, source),
    books: {
      protocol: krakenBook,
      keptLevels: depthFor,
      unsubscribe: (topics, id) => [
        JSON.stringify({
          method: 'unsubscribe',
          params: {
            channel: CHANNELS.books,
            symbol: topics.map(({ instrument }) => instrument.symbol),
            depth: depthFor(settings.book_levels),
          },
          req_id: id,
        }),
      ],
    },
    candles: {
      timeframes: traits.timeframes,
      perCall: BARS,
      reach: BARS,
      async fetch(instrument, timeframe, from, to, signal) {
        // `since` is excluded.
        const query = {
          pair: instrument.alias ?? instrument.symbol,
          interval: minutesOf(timeframe),
          since: Math.ceil(from / SECOND) - 1,
        }
        const { body, receivedAt } = await rest.get('/0/public/OHLC', query, { signal })
        const page = barsIn(body, source, instrument, timeframe, receivedAt)
        return { ...page, records: page.records.filter(({ time }) => time >= from && time < to) }
      },
    },
    reach: (signal) => rest.get('/0/public/Time', {}, { signal, attempts: 1 }),
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
