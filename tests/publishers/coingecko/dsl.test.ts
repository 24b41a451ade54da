import { describe, expect, it } from 'vitest'
import { CoinGeckoClient } from '../../../lib/src/publishers/sources/coingecko/CoinGeckoClient.ts'
import { CoinGeckoDSL } from '../../../lib/src/publishers/sources/coingecko/CoinGeckoDSL.ts'
import { type CoinGeckoVerbs, VERB_INPUTS } from '../../../lib/src/publishers/sources/coingecko/verbs.ts'
import { type CoinGeckoServer, startCoinGeckoServer } from '../../support/coingeckoServer.ts'
import { describeWith } from '../../support/services.ts'

// Through the interface: what carries the verbs out does not show.
const verbs = (server: CoinGeckoServer): CoinGeckoVerbs => new CoinGeckoDSL(new CoinGeckoClient({ baseUrl: server.url }))

describeWith('recorded-data', 'the verbs on recorded answers', () => {
  it('getCurrentPrices', async () => {
    await using server = await startCoinGeckoServer()
    const { records, rejected } = await verbs(server).getCurrentPrices({ coins: ['bitcoin', 'nope'] })
    expect(records).toMatchObject([{ coinId: 'bitcoin', currency: 'usd', price: '16951.52' }])
    expect(rejected).toMatchObject([{ reason: 'CoinGecko knows no coin with the id nope' }])
  })

  it('getOHLCVData', async () => {
    await using server = await startCoinGeckoServer()
    const { records } = await verbs(server).getOHLCVData({ coin: 'bitcoin', days: '30' })
    expect(records).toHaveLength(180)
    expect(records[0]).toMatchObject({
      open: '260184.16',
      high: '260184.16',
      low: '257817.26',
      close: '258923.13',
      timeframe: '4h',
    })
  })

  it('getMarketAnalytics', async () => {
    await using server = await startCoinGeckoServer()
    const { records } = await verbs(server).getMarketAnalytics({ currencies: ['usd', 'eur'] })
    expect(records).toMatchObject([
      {
        currency: 'usd',
        totalMarketCap: '860240134078.3864',
        activeCoins: 12_695,
        markets: 628,
        change24hPct: '0.2362344085387438',
      },
      { currency: 'eur', totalMarketCap: '806714272455.7578' },
    ])
    expect(records[1]).not.toHaveProperty('change24hPct')
  })

  it('getTopPerformers orders exactly, in both directions', async () => {
    await using server = await startCoinGeckoServer()
    const changes = async (direction: 'gainers' | 'losers') =>
      (await verbs(server).getTopPerformers({ direction, limit: 5, among: 100 })).records.map((record) =>
        Number(record.change24hPct),
      )
    const best = await changes('gainers')
    expect(best).toHaveLength(5)
    expect(best).toEqual([...best].sort((a, b) => b - a))
    const worst = await changes('losers')
    expect(worst).toEqual([...worst].sort((a, b) => a - b))
    expect(worst[0]).toBeLessThan(0)
    expect(server.asked[0]?.query.get('per_page')).toBe('100')
  })

  it('getTrendingCoins', async () => {
    await using server = await startCoinGeckoServer()
    const { records } = await verbs(server).getTrendingCoins({})
    expect(records.slice(0, 2)).toMatchObject([
      { rank: 1, coinId: 'bonk' },
      { rank: 2, coinId: 'fetch-ai' },
    ])
  })

  it('searchAndGetPrices gives every match and chooses none', async () => {
    await using server = await startCoinGeckoServer()
    const { records } = await verbs(server).searchAndGetPrices({ query: 'bit', limit: 4 })
    expect(records.map(({ coinId, prices }) => [coinId, prices.map(({ price }) => price)])).toEqual([
      ['bitcoin', ['16951.52']],
      ['binance-usd', ['1.001']],
      ['wrapped-bitcoin', ['16889.66']],
      ['bitcoin-cash', [expect.any(String)]],
    ])
  })

  it('getCoinHistory: days, one day, a range', async () => {
    await using server = await startCoinGeckoServer()
    const { getCoinHistory } = bound(verbs(server))
    const days = await getCoinHistory({ coin: 'bitcoin', days: 30 })
    expect(days.records).toHaveLength(722)
    expect(days.records[0]).toMatchObject({ origin: 'backfill', price: '62641.967327043465', time: 1_618_499_053_863_000 })
    const day = await getCoinHistory({ coin: 'bitcoin', date: '2017-12-30' })
    expect(day.records).toMatchObject([{ time: Date.parse('2017-12-30T00:00:00Z') * 1000, origin: 'backfill' }])
    await getCoinHistory({ coin: 'bitcoin', from: '2021-04-01T00:00:00Z', to: '2021-05-01T00:00:00+02:00' })
    expect(server.asked.at(-1)?.query.get('from')).toBe('1617235200')
    expect(server.asked.at(-1)?.query.get('to')).toBe('1619820000')
  })
})

describe('inputs', () => {
  it('are checked before any call, and the message names verb and field', async () => {
    await using server = await startCoinGeckoServer({ recordings: false })
    const dsl = verbs(server)
    await expect(dsl.getCurrentPrices({ coins: [] })).rejects.toMatchObject({ code: 'BAD_REQUEST', field: 'coins' })
    await expect(dsl.getTopPerformers({ limit: 0 })).rejects.toThrow(/getTopPerformers:.*limit/)
    await expect(dsl.getCoinHistory({ coin: 'bitcoin', days: 1, date: '2025-01-01' })).rejects.toThrow(/one of days/)
    await expect(dsl.getCoinHistory({ coin: 'bitcoin', from: '2025-01-01T00:00:00Z' })).rejects.toThrow(/come together/)
    await expect(dsl.getOHLCVData({ coin: 'bitcoin', day: '7' } as never)).rejects.toThrow(/day/)
    expect(server.asked).toHaveLength(0)
  })

  it('there is an input for each of the seven verbs', () => {
    expect(Object.keys(VERB_INPUTS)).toHaveLength(7)
  })
})

const bound = (dsl: CoinGeckoVerbs): Pick<CoinGeckoVerbs, 'getCoinHistory'> => ({
  getCoinHistory: (input) => dsl.getCoinHistory(input),
})
