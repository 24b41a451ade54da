/**
 * The use of each number in the body of an endpoint, by path: `*` stands for one step (an index or a name), `**` at the end
 * for any number of steps. A number that neither list names has to be inside a refused part: a test holds every recorded body to it.
 */
export interface Numbers {
  /** Kept digit for digit in this property of a record; times are kept as microseconds. */
  readonly stored: Readonly<Record<string, string>>
  /** Known, and not stored. */
  readonly unused: readonly string[]
}

export function matchesPath(pattern: string, path: string): boolean {
  const want = pattern.split('.')
  const have = path.split('.')
  const open = want.at(-1) === '**'
  if (open) want.pop()
  if (open ? have.length < want.length : have.length !== want.length) return false
  return want.every((step, i) => step === '*' || step === have[i])
}

type Table = (currencies: readonly string[]) => Numbers

/** Figures beside the price, by their names in coins/{id}, coins/markets, and (after the currency) simple/price. */
const MARKET_DATA = {
  market_cap: 'marketCap',
  total_volume: 'volume24h',
  price_change_percentage_24h_in_currency: 'change24hPct',
}
const MARKETS = { market_cap: 'marketCap', total_volume: 'volume24h', price_change_percentage_24h: 'change24hPct' }
const SUFFIXES = { _market_cap: 'marketCap', _24h_vol: 'volume24h', _24h_change: 'change24hPct' }
const CHANGE = 'market_cap_change_percentage_24h_usd'

const coin: Table = (currencies) => ({
  stored: Object.fromEntries(
    currencies.flatMap((currency) => [
      [`market_data.current_price.${currency}`, 'price'],
      ...Object.entries(MARKET_DATA).map(([name, property]) => [`market_data.${name}.${currency}`, property]),
    ]),
  ),
  unused: [
    'block_time_in_minutes',
    'detail_platforms.*.decimal_place',
    'sentiment_votes_up_percentage',
    'sentiment_votes_down_percentage',
    'watchlist_portfolio_users',
    'market_cap_rank',
    'market_cap_rank_with_rehypothecated',
    'coingecko_rank',
    'coingecko_score',
    'developer_score',
    'community_score',
    'liquidity_score',
    'public_interest_score',
    'links.**',
    'ico_data.**',
    'community_data.**',
    'developer_data.**',
    'public_interest_stats.**',
    'status_updates.**',
    'tickers.**',
    'market_data.current_price.*',
    'market_data.market_cap.*',
    'market_data.total_volume.*',
    'market_data.total_value_locked.*',
    'market_data.total_value_locked',
    'market_data.mcap_to_tvl_ratio',
    'market_data.fdv_to_tvl_ratio',
    'market_data.roi.*',
    'market_data.ath.*',
    'market_data.ath_change_percentage.*',
    'market_data.atl.*',
    'market_data.atl_change_percentage.*',
    'market_data.market_cap_rank',
    'market_data.market_cap_rank_with_rehypothecated',
    'market_data.fully_diluted_valuation.*',
    'market_data.market_cap_fdv_ratio',
    'market_data.high_24h.*',
    'market_data.low_24h.*',
    'market_data.price_change_24h',
    'market_data.price_change_percentage_24h',
    'market_data.price_change_percentage_7d',
    'market_data.price_change_percentage_14d',
    'market_data.price_change_percentage_30d',
    'market_data.price_change_percentage_60d',
    'market_data.price_change_percentage_200d',
    'market_data.price_change_percentage_1y',
    'market_data.market_cap_change_24h',
    'market_data.market_cap_change_percentage_24h',
    'market_data.price_change_24h_in_currency.*',
    'market_data.price_change_percentage_1h_in_currency.*',
    'market_data.price_change_percentage_24h_in_currency.*',
    'market_data.price_change_percentage_7d_in_currency.*',
    'market_data.price_change_percentage_14d_in_currency.*',
    'market_data.price_change_percentage_30d_in_currency.*',
    'market_data.price_change_percentage_60d_in_currency.*',
    'market_data.price_change_percentage_200d_in_currency.*',
    'market_data.price_change_percentage_1y_in_currency.*',
    'market_data.market_cap_change_24h_in_currency.*',
    'market_data.market_cap_change_percentage_24h_in_currency.*',
    'market_data.total_supply',
    'market_data.max_supply',
    'market_data.circulating_supply',
    'market_data.outstanding_supply',
  ],
})

const coinsList: Table = () => ({ stored: {}, unused: [] })

const globalMarket: Table = (currencies) => ({
  stored: {
    'data.updated_at': 'time',
    'data.active_cryptocurrencies': 'activeCoins',
    'data.markets': 'markets',
    'data.market_cap_percentage.btc': 'btcDominance',
    'data.market_cap_percentage.eth': 'ethDominance',
    ...(currencies.includes('usd') ? { [`data.${CHANGE}`]: 'change24hPct' } : {}),
    ...Object.fromEntries(
      currencies.flatMap((currency) => [
        [`data.total_market_cap.${currency}`, 'totalMarketCap'],
        [`data.total_volume.${currency}`, 'totalVolume24h'],
      ]),
    ),
  },
  unused: [
    'data.total_market_cap.*',
    'data.total_volume.*',
    'data.market_cap_percentage.*',
    `data.${CHANGE}`,
    'data.volume_change_percentage_24h_usd',
    'data.upcoming_icos',
    'data.ongoing_icos',
    'data.ended_icos',
  ],
})

const markets: Table = () => ({
  stored: {
    '*.current_price': 'price',
    ...Object.fromEntries(Object.entries(MARKETS).map(([name, property]) => [`*.${name}`, property])),
  },
  unused: [
    '*.market_cap_rank',
    '*.market_cap_rank_with_rehypothecated',
    '*.fully_diluted_valuation',
    '*.high_24h',
    '*.low_24h',
    '*.price_change_24h',
    '*.market_cap_change_24h',
    '*.market_cap_change_percentage_24h',
    '*.circulating_supply',
    '*.total_supply',
    '*.max_supply',
    '*.ath',
    '*.ath_change_percentage',
    '*.atl',
    '*.atl_change_percentage',
    '*.roi.times',
    '*.roi.percentage',
    '*.sparkline_in_7d.price.*',
    '*.price_change_percentage_1h_in_currency',
    '*.price_change_percentage_24h_in_currency',
    '*.price_change_percentage_7d_in_currency',
    '*.price_change_percentage_14d_in_currency',
    '*.price_change_percentage_30d_in_currency',
    '*.price_change_percentage_200d_in_currency',
    '*.price_change_percentage_1y_in_currency',
  ],
})

const marketChart: Table = () => ({
  stored: {
    'prices.*.0': 'time',
    'prices.*.1': 'price',
    'market_caps.*.0': 'time',
    'market_caps.*.1': 'marketCap',
    'total_volumes.*.0': 'time',
    'total_volumes.*.1': 'volume24h',
  },
  unused: [],
})

const ohlc: Table = () => ({
  stored: { '*.0': 'end', '*.1': 'open', '*.2': 'high', '*.3': 'low', '*.4': 'close' },
  unused: [],
})

const search: Table = () => ({
  stored: { 'coins.*.market_cap_rank': 'marketCapRank' },
  unused: ['categories.*.id', 'exchanges.**', 'nfts.**', 'icos.**'],
})

const simplePrice: Table = (currencies) => ({
  stored: {
    '*.last_updated_at': 'time',
    ...Object.fromEntries(
      currencies.flatMap((currency) => [
        [`*.${currency}`, 'price'],
        ...Object.entries(SUFFIXES).map(([suffix, property]) => [`*.${currency}${suffix}`, property]),
      ]),
    ),
  },
  unused: [],
})

const trending: Table = () => ({
  stored: { 'coins.*.item.score': 'score', 'coins.*.item.data.price': 'price' },
  unused: [
    'coins.*.item.coin_id',
    'coins.*.item.market_cap_rank',
    'coins.*.item.price_btc',
    'coins.*.item.data.price_change_percentage_24h.*',
    'exchanges.**',
    'nfts.**',
    'categories.**',
  ],
})

const TABLES: Readonly<Record<string, Table>> = {
  '/simple/price': simplePrice,
  '/coins/markets': markets,
  '/coins/list': coinsList,
  '/coins/{id}/ohlc': ohlc,
  '/coins/{id}/market_chart': marketChart,
  '/coins/{id}/market_chart/range': marketChart,
  '/coins/{id}': coin,
  '/coins/{id}/history': coin,
  '/global': globalMarket,
  '/search/trending': trending,
  '/search': search,
}

/** Currencies that replay makes records of where an answer has all of them. */
const ALL = ['usd', 'eur']

/** The table of an endpoint, for the currencies that an address asks for. */
export function numbersOf(endpoint: string, url: string): Numbers {
  const table = TABLES[endpoint]
  if (!table) throw new Error(`no table says what becomes of the numbers of ${endpoint}`)
  const asked = new URL(url, 'https://api.coingecko.com').searchParams.get('vs_currencies')
  return table(asked?.split(',').map((currency) => currency.trim()) ?? ALL)
}

/** Endpoints that QiCore does not use: none of their numbers are stored. */
const UNUSED_ENDPOINTS = [
  '/key',
  '/coins/{id}/tickers',
  '/coins/categories',
  '/coins/categories/list',
  '/coins/{id}/contract/{address}/market_chart',
  '/asset_platforms',
  '/derivatives',
  '/derivatives/exchanges',
  '/derivatives/exchanges/list',
  '/derivatives/exchanges/{id}',
  '/exchanges',
  '/exchanges/list',
  '/exchanges/{id}',
  '/exchanges/{id}/tickers',
  '/exchanges/{id}/volume_chart',
  '/exchanges/{id}/status_updates',
  '/status_updates',
  '/events/countries',
  '/events/types',
  '/finance_platforms',
  '/finance_products',
  '/indexes',
  '/indexes/list',
  '/indexes/{market}/{id}',
  '/global/decentralized_finance_defi',
  '/exchange_rates',
  '/nfts/list',
  '/nfts/{id}',
  '/companies/public_treasury/{id}',
  '/simple/supported_vs_currencies',
] as const

/** True for an endpoint that QiCore knows and does not use. */
export function isUnused(url: string): boolean {
  const path = new URL(url, 'https://api.coingecko.com').pathname.replace(/^\/api\/v3/, '')
  return UNUSED_ENDPOINTS.some((pattern) => new RegExp(`^${pattern.replace(/\{\w+\}/g, '[^/]+')}$`).test(path))
}
