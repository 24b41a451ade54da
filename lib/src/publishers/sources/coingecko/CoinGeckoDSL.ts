import type { z } from 'zod'
import { compareDecimals, type Decimal, type Price, parseTime, QiError, wordIssue } from '../../../base/types/index.ts'
import type { CoinGeckoClient } from './CoinGeckoClient.ts'
import { type CoinGeckoVerbs, VERB_INPUTS, type VerbInput, type VerbName, type VerbOptions } from './verbs.ts'

/** The verbs, by CoinGecko's REST API. @throws QiError BAD_REQUEST naming the field of a wrong input; else those of the client */
export class CoinGeckoDSL implements CoinGeckoVerbs {
  readonly #client: CoinGeckoClient

  constructor(client: CoinGeckoClient) {
    this.#client = client
  }

  async getCurrentPrices(input: VerbInput<'getCurrentPrices'>, options: VerbOptions = {}) {
    const { coins, currencies } = read('getCurrentPrices', input)
    return pick(await this.#client.getPrices({ ids: coins, currencies }, options))
  }

  async getOHLCVData(input: VerbInput<'getOHLCVData'>, options: VerbOptions = {}) {
    const { coin, currency, days, interval } = read('getOHLCVData', input)
    return pick(await this.#client.ohlc({ id: coin, currency, days, ...(interval ? { interval } : {}) }, options))
  }

  async getMarketAnalytics(input: VerbInput<'getMarketAnalytics'> = {}, options: VerbOptions = {}) {
    return pick(await this.#client.global(read('getMarketAnalytics', input), options))
  }

  async getTopPerformers(input: VerbInput<'getTopPerformers'> = {}, options: VerbOptions = {}) {
    const { currency, limit, among, direction } = read('getTopPerformers', input)
    const pages = Math.ceil(among / 250)
    const perPage = Math.ceil(among / pages)
    const records: Price[] = []
    const rejected = []
    for (let page = 1; page <= pages; page++) {
      const part = await this.#client.markets({ currency, page, perPage }, options)
      records.push(...part.records)
      rejected.push(...part.rejected)
      if (part.records.length + part.rejected.length < perPage) break
    }
    const sign = direction === 'gainers' ? -1 : 1
    const ranked = records
      .slice(0, among)
      .filter((record) => record.change24hPct !== undefined)
      .sort((a, b) => sign * compareDecimals(a.change24hPct as Decimal, b.change24hPct as Decimal))
    return { records: ranked.slice(0, limit), rejected }
  }

  async getTrendingCoins(input: VerbInput<'getTrendingCoins'> = {}, options: VerbOptions = {}) {
    read('getTrendingCoins', input)
    return pick(await this.#client.trending(options))
  }

  async searchAndGetPrices(input: VerbInput<'searchAndGetPrices'>, options: VerbOptions = {}) {
    const { query, currencies, limit } = read('searchAndGetPrices', input)
    const found = await this.#client.search(query, options)
    const matches = found.matches.slice(0, limit)
    if (matches.length === 0) return { records: [], rejected: found.rejected }
    const priced = await this.#client.getPrices({ ids: matches.map((match) => match.coinId), currencies }, options)
    const records = matches.map((match) => ({
      ...match,
      prices: priced.records.filter((price) => price.coinId === match.coinId),
    }))
    return { records, rejected: [...found.rejected, ...priced.rejected] }
  }

  async getCoinHistory(input: VerbInput<'getCoinHistory'>, options: VerbOptions = {}) {
    const { coin: id, currency, days = 1, from, to, date } = read('getCoinHistory', input)
    if (date) return pick(await this.#client.coinHistory({ id, currencies: [currency], date }, options))
    if (from && to)
      return pick(await this.#client.marketChartRange({ id, currency, from: parseTime(from), to: parseTime(to) }, options))
    return pick(await this.#client.marketChart({ id, currency, days: String(days) }, options))
  }
}

const pick = <R, J>({ records, rejected }: { readonly records: readonly R[]; readonly rejected: readonly J[] }) => ({
  records,
  rejected,
})

function read<V extends VerbName>(verb: V, input: unknown): z.output<(typeof VERB_INPUTS)[V]> {
  const result = VERB_INPUTS[verb].safeParse(input)
  if (result.success) return result.data as z.output<(typeof VERB_INPUTS)[V]>
  const issue = result.error.issues[0]
  const field = issue?.path.join('.') ?? ''
  throw new QiError(
    'BAD_REQUEST',
    `${verb}: ${result.error.issues.map((each) => `${each.path.join('.') || 'the input'}: ${wordIssue(each)}`).join('; ')}`,
    field ? { field } : {},
  )
}
