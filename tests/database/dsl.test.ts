import { describe, expect, it } from 'vitest'
import { pricesWire } from '../../lib/src/base/database/index.ts'
import {
  type Decimal,
  decimal,
  type Instrument,
  instrument,
  type MarketAnalytics,
  type Trade,
} from '../../lib/src/base/types/index.ts'
import { until } from '../support/until.ts'
import { aPrice, MINUTE, MONDAY } from './records.ts'
import { testStore } from './testStore.ts'

const store = await testStore()
const { dsl } = store
const simulated = { source: 'simulated', origin: 'simulated' as const }

describe('latest prices', async () => {
  const latest = [
    aPrice({ coinId: 'latest-a', currency: 'eur', price: '0.9' }),
    aPrice({ coinId: 'latest-a', price: '1' }),
    aPrice({ coinId: 'latest-a', source: 'kraken', price: '1.1' }),
    aPrice({ coinId: 'latest-b', ...simulated }),
    aPrice({ coinId: 'latest-c', price: '3' }),
  ]
  const hidden = aPrice({ coinId: 'latest-c', ...simulated })
  const older = latest.map((row) => ({ ...row, time: row.time - MINUTE }))
  await dsl.storePrices([...older, hidden, ...latest])
  const coins = ['latest-c', 'latest-a', 'latest-b', 'latest-a', 'unknown']

  it('is one row for each source, coin and currency; simulated rows are left out beside real ones', async () => {
    expect(await dsl.getLatestPrices({ coins })).toEqual({ items: latest })
    expect(await dsl.getLatestPrices({ coins, includeSimulated: true })).toEqual({ items: [...latest, hidden] })
  })

  it('gives simulated rows if only those are asked for', async () => {
    expect((await dsl.getLatestPrices({ coins, sources: ['simulated'] })).items).toEqual([latest[3], hidden])
  })

  it('filters by source and currency', async () => {
    expect((await dsl.getLatestPrices({ coins, currencies: ['eur'] })).items).toEqual([latest[0]])
    expect((await dsl.getLatestPrices({ coins, sources: ['kraken', 'coingecko'], currencies: ['usd'] })).items).toEqual([
      latest[1],
      latest[2],
      latest[4],
    ])
  })

  it.each([1, 2, 3, 4, 100])('pages of %i give all of them, with and without naming coins', async (limit) => {
    for (const named of [{ coins }, {}]) {
      const seen = []
      let after: string | undefined
      do {
        const page = await dsl.getLatestPrices({ ...named, limit, ...(after ? { after } : {}) })
        expect(page.items.length).toBeLessThanOrEqual(limit)
        seen.push(...page.items)
        after = page.next
      } while (after)
      expect(seen.filter((item) => item.coinId.startsWith('latest-'))).toEqual(latest)
    }
  })

  it('refuses invalid cursors, and unknown or wrong arguments, by name', async () => {
    await expect(dsl.getLatestPrices({ after: 'nonsense' })).rejects.toMatchObject({ code: 'BAD_REQUEST', field: 'after' })
    await expect(dsl.getLatestPrices({ limit: 0 })).rejects.toMatchObject({ code: 'BAD_REQUEST', field: 'limit' })
    await expect(dsl.getLatestPrices({ coin: 'x' } as never)).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      field: 'coin',
      message: expect.stringContaining('known are coins'),
    })
  })
})

describe('the current price', () => {
  it('is of the real series with the newest data, beside the others', async () => {
    const rows = {
      old: aPrice({ coinId: 'now', source: 'kraken', time: MONDAY }),
      fresh: aPrice({ coinId: 'now', time: MONDAY + 1 }),
      fake: aPrice({ coinId: 'now', ...simulated, time: MONDAY + 2 }),
    }
    await dsl.storePrices(Object.values(rows))
    expect(await dsl.getCurrentPrice({ coin: 'now' })).toEqual({ price: rows.fresh, others: [rows.old, rows.fake] })
    expect((await dsl.getCurrentPrice({ coin: 'now', source: 'kraken' })).price).toEqual(rows.old)
  })

  it('never guesses an ambiguous ticker, and lists the coins that have it', async () => {
    const weth = (coinId: string) =>
      ({
        coinId,
        source: 'coingecko',
        time: MONDAY,
        receivedAt: MONDAY,
        origin: 'live',
        kind: 'currency',
        symbol: 'WETH',
        name: coinId,
        active: true,
      }) as Instrument
    await store.timescale.upsert(instrument, ['weth', 'bridged-weth', 'wormhole-weth'].map(weth))
    await expect(dsl.getCurrentPrice({ coin: 'wEth' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      field: 'coin',
      message: expect.stringContaining('of 3 coins: bridged-weth, weth, wormhole-weth; use an id'),
    })
    await dsl.storePrices([
      aPrice({ coinId: 'weth', marketCap: '5' as Decimal }),
      aPrice({ coinId: 'larger', marketCap: '6' as Decimal }),
    ])
    await expect(dsl.getCurrentPrice({ coin: 'wEth' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('3 coins: weth (rank 2), bridged-weth, wormhole-weth'),
    })
    await store.timescale.upsert(instrument, [{ ...weth('weth'), symbol: 'ONLY', time: MONDAY + 1, receivedAt: MONDAY + 1 }])
    expect((await dsl.getCurrentPrice({ coin: 'only' })).price.coinId).toBe('weth')
    expect((await dsl.getLatestPrices({ coins: ['only'] })).items).toMatchObject([{ coinId: 'weth' }])
    await dsl.storePrices(['near-coin', 'neat-coin', 'far'].map((coinId) => aPrice({ coinId })))
    await expect(dsl.getCurrentPrice({ coin: 'Near-coyn' })).rejects.toMatchObject({
      message: expect.stringMatching(/; did you mean near-coin or neat-coin\?$/),
    })
  })
})

describe('instruments', async () => {
  const make = (kind: Instrument['kind'], coinId: string, symbol: string, name: string) =>
    ({
      coinId,
      source: 'lister',
      time: MONDAY,
      receivedAt: MONDAY,
      origin: 'live',
      kind,
      symbol,
      name,
      active: true,
    }) as Instrument
  const all = [
    make('currency', 'sol', 'SOL', 'Solana'),
    make('currency', 'solid', 'SLD', 'Solid'),
    make('currency', 'isol', 'ISO', 'Insolvent'),
    make('pair', 'SOL/EUR', 'SOLEUR', 'SOL/EUR'),
    make('exchange', 'gdax', 'gdax', 'Coinbase'),
  ]
  await store.timescale.upsert(instrument, all)
  const ids = async (query: object) =>
    (await dsl.listInstruments({ source: 'lister', ...query })).items.map((item) => item.coinId)

  it('are found by id, ticker or name, the best matches first', async () => {
    expect(await ids({ search: 'sol' })).toEqual(['sol', 'SOL/EUR', 'solid', 'isol'])
    expect(await ids({ search: 'COINBASE' })).toEqual(['gdax'])
    expect(await ids({ search: '%' })).toEqual([])
    expect(await ids({ kind: 'pair' })).toEqual(['SOL/EUR'])
  })

  it('come in pages', async () => {
    const seen: string[] = []
    for (let after: string | undefined, more = true; more; ) {
      const page = await dsl.listInstruments({ source: 'lister', search: 'sol', limit: 1, ...(after ? { after } : {}) })
      seen.push(...page.items.map((item) => item.coinId))
      after = page.next
      more = after !== undefined
    }
    expect(seen).toEqual(['sol', 'SOL/EUR', 'solid', 'isol'])
  })
})

describe('the summary', () => {
  it('has the latest analytics, and breadth and movers of coins that are still updated', async () => {
    const change = (coinId: string, pct: string | undefined, more: object = {}) => ({
      ...aPrice({ coinId, source: 'summed', currency: 'chf', ...more }),
      ...(pct === undefined ? {} : { change24hPct: decimal(pct) }),
    })
    await dsl.storePrices([
      change('up', '5.5'),
      change('more', '9'),
      change('down', '-3'),
      change('flat', '0'),
      change('silent', undefined),
      change('dead', '-99', { time: MONDAY - 3 * 86_400_000_000 }),
    ])
    const analytics = (time: number, cap: string): MarketAnalytics => ({
      source: 'summed',
      time,
      receivedAt: time,
      origin: 'live',
      currency: 'chf',
      totalMarketCap: decimal(cap),
      totalVolume24h: decimal('1'),
      btcDominance: decimal('50.5'),
      ethDominance: decimal('10'),
      activeCoins: 5,
      markets: 2,
    })
    await dsl.storeMarketAnalytics([analytics(MONDAY, '1'), analytics(MONDAY + 1, '12345678901234567890.5')])
    const summary = await dsl.getMarketSummary({ sources: ['summed'], movers: 1 })
    expect(summary.analytics).toEqual([analytics(MONDAY + 1, '12345678901234567890.5')])
    expect(summary.breadth).toEqual([
      {
        source: 'summed',
        currency: 'chf',
        simulated: false,
        time: MONDAY,
        coins: 5,
        advancers: 2,
        decliners: 1,
        unchanged: 1,
        meanChange24hPct: 2.875,
      },
    ])
    expect([...summary.gainers, ...summary.losers].map((item) => item.coinId)).toEqual(['more', 'down'])
  })
})

describe('latest prices of series that have only trades', async () => {
  const own = await testStore()
  const aTrade = (coinId: string, more: Partial<Trade> = {}): Trade => ({
    ...aPrice({ coinId }),
    source: 'venue',
    tradeId: '1',
    side: 'buy',
    price: decimal('7'),
    amount: decimal('1'),
    ...more,
  })

  it('are those of their last trades, in one list with the others, page by page', async () => {
    const { dsl } = own
    expect((await dsl.getLatestPrices()).items).toEqual([])
    await dsl.storePrices(['a', 'c', 'é', 'both'].map((coinId) => aPrice({ coinId, source: 'venue' })))
    await dsl.storeTrades([
      aTrade('b', { price: decimal('1') }),
      aTrade('b', { price: decimal('3'), tradeId: '10', sequence: 10 }),
      aTrade('b', { price: decimal('2'), tradeId: '9', sequence: 9 }),
      aTrade('both'),
      aTrade('z', { time: MONDAY + 1 }),
      aTrade('z'),
    ])
    const found = await until(async () => {
      const { items } = await dsl.getLatestPrices()
      return items.length === 6 && items
    }, 'prices of trades')
    const brief = found.map(({ coinId, price: figure, builtFrom }) => [coinId, figure, builtFrom])
    // Within a moment, a trade without a sequence comes last.
    expect(brief).toEqual([
      ['a', '65000.5', undefined],
      ['b', '1', 'trades'],
      ['both', '65000.5', undefined],
      ['c', '65000.5', undefined],
      ['z', '7', 'trades'],
      ['é', '65000.5', undefined],
    ])
    const paged: unknown[] = []
    let after: string | undefined
    do {
      const { items, next } = await dsl.getLatestPrices({ limit: 2, ...(after !== undefined && { after }) })
      paged.push(...items)
      after = next
    } while (after !== undefined)
    expect(paged).toEqual(found)
    const { items } = await dsl.getLatestPrices({ coins: ['b', 'a', 'nothing'], sources: ['venue'] })
    expect(items).toEqual([found[0], found[1]])
    expect(pricesWire({ items }).items[1]).toMatchObject({ coin_id: 'b', price: '1', built_from: 'trades' })
    expect((await dsl.getCurrentPrice({ coin: 'z' })).price).toMatchObject({ price: '7', time: MONDAY + 1, builtFrom: 'trades' })
  })

  it('hide simulated prices of the same coin, and are hidden if they are simulated', async () => {
    await dsl.storePrices([aPrice({ coinId: 'mixed', source: 'simulated', origin: 'simulated' }), aPrice({ coinId: 'real' })])
    await dsl.storeTrades([aTrade('mixed'), aTrade('real', { source: 'simulated', origin: 'simulated' })])
    const coins = ['mixed', 'real']
    const items = await until(async () => {
      const page = await dsl.getLatestPrices({ coins })
      return page.items.some(({ builtFrom }) => builtFrom) && page.items
    }, 'prices of trades')
    expect(items.map(({ coinId, source }) => [coinId, source])).toEqual([
      ['mixed', 'venue'],
      ['real', 'coingecko'],
    ])
    expect((await dsl.getLatestPrices({ coins, includeSimulated: true })).items).toHaveLength(4)
  })
})
