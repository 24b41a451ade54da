import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { parseExactJson } from '../../lib/src/base/types/index.ts'
import type { Answering, Reply } from './coingeckoServer.ts'
import { recordedData } from './run/available.ts'

const folder = recordedData()

function read(path: string): string {
  const bytes = readFileSync(join(folder, path))
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
}

/** Read when first asked for. */
const lazily = <T>(make: () => T): (() => T) => {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

interface MarketCoin {
  readonly id: string
  readonly [field: string]: unknown
}

interface Recorded {
  readonly request: { readonly url: string }
  readonly response: { readonly status: number; readonly body: string }
}

/**
 * Recorded bodies for everything that the live source asks: coins/markets (honouring ids, page and per_page), simple/price made of
 * the same coins, global, trending, coins/list, ohlc and market_chart of bitcoin (given for every coin of the page), search, ping.
 * Figures keep the digits they were recorded with.
 */
export function recordedAnswers(): Answering {
  if (!existsSync(folder)) return () => undefined
  const markets = lazily(() => parseExactJson(read('coingecko-jkorf-2023-01/GetMarkets.json')) as unknown as MarketCoin[])
  const list = lazily(() => read('coingecko-jkorf-2023-01/GetAssets.json.gz'))
  const interactions = lazily(() =>
    read('coingecko-vcr-2021/interactions.ndjson.gz')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Recorded),
  )
  const recorded = (part: string): Reply | undefined => {
    const found = interactions().find(({ request, response }) => response.status === 200 && request.url.includes(part))
    return found && { body: found.response.body }
  }
  const known = (id: string): boolean => markets().some((coin) => coin.id === id)

  return ({ path, query }) => {
    const ids = query.get('ids')?.split(',')
    if (path === '/ping') return { body: '{"gecko_says":"(V3) To the Moon!"}' }
    if (path === '/coins/markets') {
      if (!query.get('vs_currency')) return { status: 422, body: '{"error":"Missing parameter vs_currency"}' }
      const perPage = Number(query.get('per_page') ?? 100)
      const from = (Number(query.get('page') ?? 1) - 1) * perPage
      const coins = ids ? markets().filter((coin) => ids.includes(coin.id)) : markets()
      return { body: JSON.stringify(coins.slice(from, from + perPage)) }
    }
    if (path === '/simple/price') {
      if (!ids) return { status: 422, body: '{"error":"Missing parameter ids"}' }
      const coins = markets().filter((coin) => ids.includes(coin.id))
      return {
        body: JSON.stringify(
          Object.fromEntries(coins.map((coin) => [coin.id, simple(coin, (query.get('vs_currencies') ?? '').split(','))])),
        ),
      }
    }
    if (path === '/global') return { body: read('coingecko-jkorf-2023-01/GetGlobalData.json') }
    if (path === '/search/trending') return { body: read('coingecko-jkorf-2023-01/GetTrendingSearches.json') }
    if (path === '/search') return { body: read('coingecko-jkorf-2023-01/Search.json') }
    if (path === '/coins/list') return { body: list() }
    const [, id, what] = /^\/coins\/([^/]+)(?:\/(.+))?$/.exec(path) ?? []
    if (!id) return undefined
    if (!known(decodeURIComponent(id))) return { status: 404, body: '{"error":"coin not found"}' }
    if (what === 'ohlc') return recorded(`/ohlc?days=${query.get('days') === '30' ? 30 : 7}&`)
    if (what === 'market_chart' || what === 'market_chart/range')
      return recorded(`/market_chart?days=${query.get('days') === '1' ? 1 : 30}&`)
    if (what === 'history') return recorded('/history?date=')
    return what === undefined ? { body: read('coingecko-jkorf-2023-01/GetAssetDetails.json') } : undefined
  }

  function simple(coin: MarketCoin, currencies: readonly string[]): Record<string, unknown> {
    const figures = currencies.flatMap((currency) => [
      [currency, coin.current_price],
      [`${currency}_market_cap`, coin.market_cap],
      [`${currency}_24h_vol`, coin.total_volume],
      [`${currency}_24h_change`, coin.price_change_percentage_24h],
    ])
    return Object.fromEntries([...figures, ['last_updated_at', Math.floor(Date.parse(String(coin.last_updated)) / 1000)]])
  }
}
