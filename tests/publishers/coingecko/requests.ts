import type { ExactJson, Micros } from '../../../lib/src/base/index.ts'
import * as endpoints from '../../../lib/src/publishers/sources/coingecko/endpoints.ts'
import type { OhlcDays } from '../../../lib/src/publishers/sources/coingecko/parse/ohlc.ts'
import type { Refused } from '../../../lib/src/publishers/sources/coingecko/parse/parsed.ts'
import { type Account, account } from './accounting.ts'

export interface Outcome extends Account {
  readonly endpoint: string
  readonly records: readonly object[]
  readonly rejected: readonly Refused[]
}

type Handler = (body: ExactJson, ids: readonly string[], query: URLSearchParams, receivedAt: Micros) => Outcome

const list = (query: URLSearchParams, name: string): string[] => (query.get(name) ?? 'usd').split(',').map((item) => item.trim())

function handler<P, T extends object>(
  endpoint: endpoints.Endpoint<P, T>,
  params: (ids: readonly string[], query: URLSearchParams) => P,
  recordsOf: (result: T) => readonly object[] = (result) => (result as unknown as { records: readonly object[] }).records,
): Handler {
  return (body, ids, query, receivedAt) => {
    const given = params(ids, query)
    const result = endpoint.parse(body, given, { receivedAt, origin: 'replay' })
    const records = recordsOf(result)
    const { rejected } = result as unknown as { rejected: readonly Refused[] }
    return { endpoint: endpoint.name, records, rejected, ...account(body, endpoint.numbers(given), records, rejected) }
  }
}

const chart = {
  id: (ids: readonly string[]) => ids[0] as string,
  currency: (query: URLSearchParams) => query.get('vs_currency') ?? 'usd',
}

/** Which endpoint reads the answer of which address. */
const HANDLERS: readonly (readonly [pattern: string, Handler])[] = [
  ['/simple/price', handler(endpoints.simplePrice, (_, q) => ({ ids: list(q, 'ids'), currencies: list(q, 'vs_currencies') }))],
  ['/coins/markets', handler(endpoints.markets, (_, q) => ({ currency: chart.currency(q) }))],
  ['/coins/list', handler(endpoints.coinsList, () => ({}))],
  [
    '/coins/{id}/ohlc',
    handler(endpoints.ohlc, (ids, q) => ({
      id: chart.id(ids),
      currency: chart.currency(q),
      days: (q.get('days') ?? '30') as OhlcDays,
    })),
  ],
  [
    '/coins/{id}/market_chart',
    handler(endpoints.marketChart, (ids, q) => ({ id: chart.id(ids), currency: chart.currency(q), days: q.get('days') ?? '30' })),
  ],
  [
    '/coins/{id}/market_chart/range',
    handler(endpoints.marketChartRange, (ids, q) => ({ id: chart.id(ids), currency: chart.currency(q), from: 0, to: 0 })),
  ],
  [
    '/coins/{id}/history',
    handler(endpoints.coinHistory, (ids, q) => ({ id: chart.id(ids), currencies: ['usd', 'eur'], date: isoDay(q.get('date')) })),
  ],
  ['/global', handler(endpoints.globalMarket, () => ({ currencies: ['usd', 'eur'] }))],
  ['/search/trending', handler(endpoints.trendingSearches, () => ({}))],
  [
    '/search',
    handler(
      endpoints.search,
      () => ({ query: '' }),
      (result) => result.matches,
    ),
  ],
  ['/coins/{id}/contract/{address}', handler(endpoints.coin, (ids) => ({ id: ids[0] as string, currencies: ['usd', 'eur'] }))],
  ['/coins/{id}', handler(endpoints.coin, (ids) => ({ id: ids[0] as string, currencies: ['usd', 'eur'] }))],
]

/** The outcome of a body, by the address that it came from; undefined where QiCore has no use for that endpoint. */
export function outcomeOf(url: string, body: ExactJson, receivedAt: Micros): Outcome | 'unused' | undefined {
  const { pathname, searchParams } = new URL(url, 'https://api.coingecko.com')
  const path = pathname.replace(/^\/api\/v3/, '')
  // Fixed addresses first: /coins/categories is no coin.
  if (endpoints.UNUSED_ENDPOINTS.some((pattern) => !pattern.includes('{') && pattern === path)) return 'unused'
  for (const [pattern, handle] of HANDLERS) {
    const ids = match(pattern, path)
    if (ids) return handle(body, ids, searchParams, receivedAt)
  }
  return endpoints.UNUSED_ENDPOINTS.some((pattern) => match(pattern, path)) ? 'unused' : undefined
}

function match(pattern: string, path: string): string[] | undefined {
  const found = new RegExp(`^${pattern.replace(/\{\w+\}/g, '([^/]+)')}$`).exec(path)
  return found ? found.slice(1).map(decodeURIComponent) : undefined
}

/** `30-12-2017`, as it was asked in 2021. */
const isoDay = (date: string | null): string => (date ? date.split('-').reverse().join('-') : '2024-01-01')
