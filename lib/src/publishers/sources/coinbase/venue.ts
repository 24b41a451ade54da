import { formatTime, QiError, type SourceContext, type Timeframe, timeframeMicros } from '../../../base/types/index.ts'
import { chunks, coinbaseBook, restOf, type Topic, type Venue } from '../../venue/index.ts'
import { answerError, type ErrorAnswer } from '../shared/errors.ts'
import { type CoinbaseConfig, traits } from './config.ts'
import { CHANNEL_NAMES, mapperOf, topicName } from './parse/live.ts'
import { barsIn, listedIn, volumesIn } from './parse/rest.ts'
import { tradeHistory } from './trades.ts'

const PEER = 'Coinbase'
const SECOND = 1_000_000
const KEPT_LEVELS = 5000
/** Bars of one call. */
const PER_CALL = 300
const TIMEFRAMES: readonly Timeframe[] = ['1m', '5m', '15m', '1h', '6h', '1d']
const STATS = '/products/stats'

/** Coinbase Exchange, by its public feed and REST API. */
export function openVenue(settings: CoinbaseConfig, context: SourceContext): Venue {
  const rest = restOf(
    { peer: PEER, baseUrls: ['https://api.exchange.coinbase.com'], weightPerMinute: 600, errorOf },
    settings,
    context,
  )
  const source = context.name
  return {
    peer: PEER,
    resolution: 'us',
    limits: traits.limits,
    sockets: settings.ws_url ?? ['wss://ws-feed.exchange.coinbase.com'],
    // A heartbeat comes each second.
    silenceMs: 30_000,
    ping: { everyMs: 15_000 },
    candlesEnd: 'next',
    quotesNumbered: true,
    liveTimeframes: traits.timeframes,
    async listed(signal) {
      const { body } = await rest.get('/products', {}, { signal })
      const volumes = settings.symbols ? undefined : await rest.get(STATS, {}, { signal })
      return listedIn(body, volumes ? volumesIn(volumes.body) : new Map())
    },
    topic: (channel, instrument): Topic => {
      const name = CHANNEL_NAMES[channel]
      if (name === undefined) throw new QiError('INTERNAL', `${PEER} has no channel of ${channel}`)
      return { name: topicName(name, instrument.symbol), channel, instrument }
    },
    subscribe: (topics, id) =>
      chunks(topics, traits.limits.topicsPerRequest).map((some, index) => ({
        id: id + index,
        text: subscribing(some),
        topics: some,
      })),
    mapper: mapperOf,
    trades: tradeHistory(rest, source),
    books: {
      protocol: coinbaseBook,
      // The snapshot is the whole book; the price may walk far before the levels beyond these are missed.
      keptLevels: () => KEPT_LEVELS,
      unsubscribe: (topics) => [
        JSON.stringify({
          type: 'unsubscribe',
          channels: [{ name: CHANNEL_NAMES.books, product_ids: topics.map(({ instrument }) => instrument.symbol) }],
        }),
      ],
    },
    candles: {
      timeframes: TIMEFRAMES,
      perCall: PER_CALL,
      async fetch(instrument, timeframe, from, to, signal) {
        const length = timeframeMicros(timeframe)
        // Both ends are included, and bars are those that open within.
        const query = { granularity: length / SECOND, start: formatTime(from), end: formatTime(to - 1) }
        const path = `/products/${encodeURIComponent(instrument.symbol)}/candles`
        const { body, receivedAt } = await rest.get(path, query, { signal })
        const page = barsIn(body, source, instrument, timeframe, receivedAt)
        return { ...page, records: page.records.filter(({ time }) => time >= from && time < to) }
      },
    },
    reach: (signal) => rest.get('/time', {}, { signal, attempts: 1 }),
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

/** Subscribes, and to the heartbeats of the same products: they tell the last trade of a quiet market, and that the socket lives. */
function subscribing(topics: readonly Topic[]): string {
  const products = new Map<string, string[]>()
  const add = (channel: string, product: string) => {
    const ids = products.get(channel) ?? []
    products.set(channel, ids)
    if (!ids.includes(product)) ids.push(product)
  }
  for (const { name, instrument } of topics) {
    add(name.slice(0, name.indexOf(':')), instrument.symbol)
    add('heartbeat', instrument.symbol)
  }
  const channels = Array.from(products, ([name, ids]) => ({ name, product_ids: ids }))
  return JSON.stringify({ type: 'subscribe', channels })
}

/** `{"message":"NotFound"}`; other bodies are of a proxy. */
function errorOf(answer: ErrorAnswer, what: string): QiError {
  const unlisted = answer.status === 404 && what === STATS
  return answerError(PEER, what, answer, {
    message: messageOf(answer.body),
    ...(unlisted && { remedy: 'the volumes that top orders by are not there any more; name the instruments in symbols' }),
  })
}

function messageOf(body: string): string | undefined {
  try {
    const { message } = JSON.parse(body) as { message?: unknown }
    return typeof message === 'string' ? message : undefined
  } catch {
    return undefined
  }
}
