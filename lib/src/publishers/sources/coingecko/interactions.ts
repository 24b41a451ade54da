import {
  type ExactJson,
  errorMessage,
  parseExactJson,
  QiError,
  type RecordBatch,
  type RecordedInteraction,
  readRecordedAt,
} from '../../../base/types/index.ts'
import type { Parsed, Seen } from '../shared/collect.ts'
import * as endpoints from './endpoints.ts'
import { isErrorBody } from './errors.ts'
import type { OhlcDays } from './parse/ohlc.ts'
import type { FoundCoins } from './parse/search.ts'

/** The endpoint of a recorded URL, with the parameters of the call. */
export interface AskedEndpoint {
  readonly name: string
  /** Parses the body. The coins found by a search are no records. */
  readonly parse: (body: ExactJson, seen: Seen) => Parsed | FoundCoins
}

type Ask = (ids: readonly string[], query: URLSearchParams) => AskedEndpoint

/** Currencies taken from an answer that has all of them. */
const CURRENCIES = ['usd', 'eur']

const listOf = (query: URLSearchParams, name: string): string[] =>
  (query.get(name) ?? 'usd').split(',').map((item) => item.trim())
const first = (ids: readonly string[]): string => ids[0] as string
const currencyOf = (query: URLSearchParams): string => query.get('vs_currency') ?? 'usd'
/** The day as `2017-12-30`; older clients write `30-12-2017`. */
const dayOf = (date: string | null): string =>
  date && /^\d\d-\d\d-\d{4}$/.test(date) ? date.split('-').reverse().join('-') : (date ?? '2024-01-01')

function asked<P, T extends Parsed | FoundCoins>(
  endpoint: endpoints.Endpoint<P, T>,
  params: (ids: readonly string[], query: URLSearchParams) => P,
): Ask {
  return (ids, query) => {
    const given = params(ids, query)
    return {
      name: endpoint.name,
      parse: (body, seen) => endpoint.parse(body, given, seen),
    }
  }
}

const coin = asked(endpoints.coin, (ids) => ({ id: first(ids), currencies: CURRENCIES }))

const ASKED: readonly (readonly [pattern: string, ask: Ask])[] = [
  ['/simple/price', asked(endpoints.simplePrice, (_, q) => ({ ids: listOf(q, 'ids'), currencies: listOf(q, 'vs_currencies') }))],
  ['/coins/markets', asked(endpoints.markets, (_, q) => ({ currency: currencyOf(q) }))],
  ['/coins/list', asked(endpoints.coinsList, () => ({}))],
  [
    '/coins/{id}/ohlc',
    asked(endpoints.ohlc, (ids, q) => ({
      id: first(ids),
      currency: currencyOf(q),
      days: (q.get('days') ?? '30') as OhlcDays,
    })),
  ],
  [
    '/coins/{id}/market_chart',
    asked(endpoints.marketChart, (ids, q) => ({ id: first(ids), currency: currencyOf(q), days: q.get('days') ?? '30' })),
  ],
  [
    '/coins/{id}/market_chart/range',
    asked(endpoints.marketChartRange, (ids, q) => ({ id: first(ids), currency: currencyOf(q), from: 0, to: 0 })),
  ],
  [
    '/coins/{id}/history',
    asked(endpoints.coinHistory, (ids, q) => ({ id: first(ids), currencies: CURRENCIES, date: dayOf(q.get('date')) })),
  ],
  ['/global', asked(endpoints.globalMarket, () => ({ currencies: CURRENCIES }))],
  ['/search/trending', asked(endpoints.trendingSearches, () => ({}))],
  ['/search', asked(endpoints.search, (_, q) => ({ query: q.get('query') ?? '' }))],
  ['/coins/{id}/contract/{address}', coin],
  ['/coins/{id}', coin],
]

/** Matches the pattern of one coin, but is the list of categories. */
const NO_COIN = '/coins/categories'

/** The endpoint of a URL; undefined if QiCore does not parse its answers. */
export function askedEndpoint(url: string): AskedEndpoint | undefined {
  const { pathname, searchParams } = new URL(url, 'https://api.coingecko.com')
  const path = pathname.replace(/^\/api\/v3/, '')
  if (path === NO_COIN) return undefined
  for (const [pattern, ask] of ASKED) {
    const ids = match(pattern, path)
    if (ids) return ask(ids, searchParams)
  }
  return undefined
}

const HOST = /(^|\.)coingecko\.com$/

/** The records of a recorded answer of CoinGecko; none for a failure, or an endpoint that QiCore does not parse. */
export function parseInteraction(interaction: RecordedInteraction): readonly RecordBatch[] | undefined {
  const { request, response, recorded_at } = interaction
  if (!URL.canParse(request.url) || !HOST.test(new URL(request.url).hostname)) return undefined
  const endpoint = askedEndpoint(request.url)
  if (!endpoint || response.status < 200 || response.status > 299) return []
  const body = bodyOf(response.body)
  if (isErrorBody(body)) return []
  const result = endpoint.parse(body, { source: 'coingecko', receivedAt: readRecordedAt(recorded_at), origin: 'replay' })
  if (!('records' in result)) return []
  // An unknown coin in a recorded call is no fault of the records.
  return [{ ...result, rejected: result.rejected.filter(({ asked }) => asked === undefined) }]
}

function bodyOf(text: string): ExactJson {
  try {
    return parseExactJson(text)
  } catch (error) {
    throw new QiError('BAD_DATA', `the recorded body is not JSON: ${errorMessage(error)}`, { cause: error })
  }
}

function match(pattern: string, path: string): string[] | undefined {
  const found = new RegExp(`^${pattern.replace(/\{\w+\}/g, '([^/]+)')}$`).exec(path)
  return found ? found.slice(1).map(decodeURIComponent) : undefined
}
