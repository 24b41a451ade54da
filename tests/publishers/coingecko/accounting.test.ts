import { expect, it } from 'vitest'
import { fromMillis, parseExactJson } from '../../../lib/src/base/types/index.ts'
import { answerError } from '../../../lib/src/publishers/sources/coingecko/errors.ts'
import { describeWith } from '../../support/services.ts'
import { account } from './accounting.ts'
import { recordedInteractions, recordedText, trimmed, trimmedNames } from './recorded.ts'
import { type Outcome, outcomeOf } from './requests.ts'

const at = fromMillis(Date.parse('2023-01-08T17:00:00Z'))

describeWith('recorded-data', 'every number of every recorded body', () => {
  const outcome = (url: string, text: string, receivedAt = at): Outcome => {
    const result = outcomeOf(url, parseExactJson(text), receivedAt)
    if (!result || result === 'unused') throw new Error(`${url} has no parser`)
    return result
  }

  it('100 coins of the recorded markets page', () => {
    const page = outcome('/coins/markets?vs_currency=usd', recordedText('coingecko-jkorf-2023-01/GetMarkets.json'))
    expect(page.lost).toEqual([])
    expect(page.records).toHaveLength(100)
    expect(page.rejected).toEqual([])
    expect(page.stored).toBe(400)
  })

  it('12,695 coins of the recorded list', () => {
    const coins = outcome('/coins/list', recordedText('coingecko-jkorf-2023-01/GetAssets.json.gz'))
    expect(coins.records).toHaveLength(12_695)
    expect(coins.rejected).toEqual([])
    expect(coins.lost).toEqual([])
    expect(new Set(coins.records.map((coin) => (coin as { coinId: string }).coinId)).size).toBe(12_695)
  })

  it('67 recorded exchanges: an account of each body, or a classified error', () => {
    const tally: Record<string, number> = {}
    const interactions = recordedInteractions()
    for (const { request, response, recorded_at } of interactions) {
      if (response.status !== 200) {
        const error = answerError({ status: response.status, body: response.body }, request.url)
        expect(error.code, response.body).toBe(response.status === 422 ? 'BAD_REQUEST' : 'UNAVAILABLE')
        tally[error.code] = (tally[error.code] ?? 0) + 1
        continue
      }
      const result = outcomeOf(request.url, parseExactJson(response.body), fromMillis(Date.parse(recorded_at)))
      expect(result, `${request.url} is neither read nor listed as unused`).toBeDefined()
      const name = result === 'unused' ? 'endpoint without use' : 'read'
      tally[name] = (tally[name] ?? 0) + 1
      if (result === 'unused' || !result) continue
      expect(result.lost, request.url).toEqual([])
      expect(result.records.length + result.rejected.length, request.url).toBeGreaterThan(0)
    }
    expect(interactions).toHaveLength(67)
    expect(tally).toEqual({ read: 25, 'endpoint without use': 26, BAD_REQUEST: 14, UNAVAILABLE: 2 })
  })

  it.each([
    ['/global', 'GetGlobalData.json'],
    ['/search/trending', 'GetTrendingSearches.json'],
    ['/search?query=bit', 'Search.json'],
    ['/coins/bitcoin', 'GetAssetDetails.json'],
    ['/coins/bitcoin/history?date=30-12-2017', 'GetAssetHistory.json'],
  ])('2023: %s', (url, file) => {
    const result = outcome(url, recordedText(`coingecko-jkorf-2023-01/${file}`))
    expect(result.lost).toEqual([])
    expect(result.rejected).toEqual([])
    expect(result.records.length).toBeGreaterThan(0)
  })

  it.each([
    'GetMarkets',
    'GetPrices',
    'GetOhlc',
    'GetMarketChart',
    'GetGlobalData',
    'GetTrendingSearches',
    'Search',
    'GetAssets',
    'GetAssetDetails',
    'GetAssetDetailsFromContract',
    'GetAssetHistory',
  ])('shapes of 2024 and 2025: %s', (name) => {
    const { path, body } = trimmed(name)
    const result = outcome(path, body)
    expect(result.lost).toEqual([])
    expect(result.records.length).toBeGreaterThan(0)
    expect(result.rejected.filter(({ reason }) => !reason.includes('CoinGecko gives no price'))).toEqual([])
  })

  it('every other shape of 2024 and 2025 belongs to an endpoint listed as unused', () => {
    const unknown = trimmedNames().filter((name) => {
      const { path, body } = trimmed(name)
      return !path.endsWith('/ping') && outcomeOf(path, parseExactJson(body), at) === undefined
    })
    expect(unknown).toEqual([])
  })

  it('the chart of 30 days: every point of the three series', () => {
    const chart = outcome(
      '/coins/bitcoin/market_chart?vs_currency=usd&days=30',
      recordedText('coingecko-charts/btc_market_chart_2021-03_gamestonk.json'),
    )
    expect(chart.lost).toEqual([])
    expect(chart.rejected).toEqual([])
    expect(chart.stored).toBe(chart.total)
    expect(chart.total).toBe(chart.records.length * 6)
    const [first] = chart.records
    expect(first).toMatchObject({ time: 1_615_291_675_936_000, price: '54197.2112595257' })
    for (const record of chart.records) expect(record).toHaveProperty('marketCap')
  })
})

it('the account finds a number that is unaccounted for, and one that is not kept digit for digit', () => {
  const body = parseExactJson('[{"current_price":1.50,"market_cap":7,"surprise":1}]')
  const numbers = { stored: { '*.current_price': 'price', '*.market_cap': 'marketCap' }, unused: [] }
  expect(account(body, numbers, [{ price: '1.5', marketCap: '7.0000001' }], []).lost).toEqual([
    '0.market_cap = 7',
    '0.surprise = 1',
  ])
})
