import { describe, expect, it } from 'vitest'
import {
  decimal,
  type Instrument,
  instrument,
  marketAnalytics,
  ohlcv,
  price,
  type QiError,
  quote,
  trade,
  trending,
} from '../../lib/src/base/types/index.ts'
import { until } from '../support/until.ts'
import { aBar, aPrice, MINUTE, MONDAY } from './records.ts'
import { count, testStore } from './testStore.ts'

const store = await testStore()
const only = async (coin: string) => (await store.dsl.getLatestPrices({ coins: [coin] })).items

describe('upsert', () => {
  it('keeps every digit of a decimal and every microsecond of a time', async () => {
    const extreme = [
      '0',
      '-1',
      '0.1',
      '9999',
      '10000',
      '100000000',
      '0.0001',
      '0.00001',
      '-0.0000000000000000000000000000000000000012',
      '1234567890123456789012345678901234567890.1234567890123456789012345678901234567891',
      '123456789012345.12345678',
      '-20000.0002',
    ]
    const records = extreme.map((text, i) =>
      aPrice({ coinId: 'digits', time: MONDAY + i, price: text, marketCap: decimal(text) }),
    )
    expect(await store.timescale.upsert(price, records)).toEqual({ written: records.length, overwritten: 0, failed: [] })
    const series = { coinId: 'digits', source: 'coingecko', currency: 'usd' }
    expect(await store.drizzle.prices(series, { from: MONDAY, to: MONDAY + 100 })).toEqual(records)
  })

  it('takes prices one by one through Drizzle; the one received last stays', async () => {
    const [old, late] = [aPrice({ coinId: 'single' }), aPrice({ coinId: 'single', price: '1.5', receivedAt: MONDAY + 1 })]
    const next = aPrice({ coinId: 'single', time: MONDAY + 1 })
    await store.drizzle.insertCryptoPrices([late, old, next])
    const series = { coinId: 'single', source: 'coingecko', currency: 'usd' }
    expect(await store.drizzle.prices(series, { from: MONDAY, to: MONDAY + 100 })).toEqual([late, next])
  })

  it('keeps times from the year 1 on', async () => {
    const times = [-62_135_596_800_000_000, -1, 0, 1, 946_684_799_999_999, 946_684_800_000_000, 1_767_225_600_000_001]
    await store.timescale.upsert(
      price,
      times.map((time) => aPrice({ coinId: 'times', time })),
    )
    const { rows } = await store.pool.query(
      "select (extract(epoch from time) * 1000000)::bigint::text as t from crypto_prices where coin_id = 'times' order by time",
    )
    expect(rows.map((row) => Number(row.t))).toEqual(times)
  })

  it('keeps text of any script, and refuses text that PostgreSQL cannot store', async () => {
    const names = ['é', '比特币', '🚀', 'a\tb\n\\N', "o'clock", ' ']
    const bad = ['nul\0', '\ud800half']
    const { written, failed } = await store.timescale.upsert(
      price,
      [...names, ...bad].map((coinId) => aPrice({ coinId, source: 'scripts' })),
    )
    expect(written).toBe(names.length)
    expect(failed.map((failure) => [failure.index, failure.error.code, failure.error.field])).toEqual([
      [6, 'BAD_DATA', 'coin_id'],
      [7, 'BAD_DATA', 'coin_id'],
    ])
    const { items } = await store.dsl.getLatestPrices({ sources: ['scripts'] })
    expect(items.map((item) => item.coinId).sort()).toEqual(names.sort())
  })

  it('keeps the row received last, in any order of writing and on every way', async () => {
    const older = aPrice({ coinId: 'order', receivedAt: MONDAY, price: '1' })
    const newer = aPrice({ coinId: 'order', receivedAt: MONDAY + 1, price: '2' })
    for (const batches of [[[older], [newer]], [[newer], [older]], [[older, newer]], [[newer, older, newer]]]) {
      await store.pool.query("delete from crypto_prices where coin_id = 'order'")
      for (const batch of batches) await store.timescale.upsert(price, batch)
      expect(await only('order')).toEqual([newer])
    }
  })

  it('prefers a final candle to one received later', async () => {
    const final = aBar({ coinId: 'final', close: '10.5' })
    const later = aBar({ coinId: 'final', close: '9.5', isFinal: false, receivedAt: MONDAY + 2 * MINUTE })
    await store.timescale.upsert(ohlcv, [final])
    await store.timescale.upsert(ohlcv, [later])
    const { candles } = await store.dsl.getOHLCV({ coin: 'final', timeframe: '1m' })
    expect(candles).toEqual([{ ...final, covered: 1, partial: false }])
  })

  it('reports a refused row alone, and stores its neighbours', async () => {
    await store.pool.query('alter table quotes_rows add constraint no_thirteen check (sequence <> 13 and sequence <> 77)')
    const quotes = Array.from({ length: 200 }, (_, sequence) => ({
      coinId: 'BTC/USDT',
      source: 'venue',
      time: MONDAY,
      receivedAt: MONDAY,
      origin: 'live' as const,
      currency: 'USDT',
      sequence,
      bid: decimal('1'),
      bidSize: decimal('1'),
      ask: decimal('1'),
      askSize: decimal('1'),
    }))
    const { written, failed } = await store.timescale.upsert(quote, quotes)
    expect(written).toBe(198)
    expect(failed.map((failure) => failure.index)).toEqual([13, 77])
    expect(failed[0]?.error).toMatchObject({ code: 'BAD_DATA', retryable: false })
    expect(await count(store, 'quotes')).toBe(198)
  })

  it('reports a row whose key is too large for the index', async () => {
    const random = Array.from({ length: 3000 }, (_, i) => String.fromCharCode(0x4e00 + ((i * 7919) % 20_000))).join('')
    const trades = [1, 2, 3].map((i) => ({
      coinId: i === 2 ? random : 'BTC',
      source: 'long',
      time: MONDAY,
      receivedAt: MONDAY,
      origin: 'live' as const,
      currency: 'USDT',
      tradeId: String(i),
      side: 'buy' as const,
      price: decimal('1'),
      amount: decimal('1'),
    }))
    const { written, failed } = await store.timescale.upsert(trade, trades)
    expect({ written, indexes: failed.map((failure) => failure.index) }).toEqual({ written: 2, indexes: [1] })
  })

  it('writes instruments to the table of their kind', async () => {
    const one = (kind: string, coinId: string, more = {}) =>
      ({
        coinId,
        source: 'lists',
        time: MONDAY,
        receivedAt: MONDAY,
        origin: 'live',
        kind,
        symbol: coinId,
        name: coinId,
        active: true,
        ...more,
      }) as Instrument
    const listed = [
      one('currency', 'a'),
      one('pair', 'a/b', { base: 'a', quote: 'b', tickSize: decimal('0.01'), assetClass: 'forex' }),
      one('exchange', 'x'),
      one('security', 'AAPL:XNAS', {
        ...{ exchange: 'NASDAQ', mic: 'XNAS', timezone: 'America/New_York', assetClass: 'stock' },
        ...{ currency: 'USD', calendar: 'XNYS', lotSize: decimal('1') },
      }),
      one('coupon', 'c'),
      one('currency', 'a'),
    ]
    const { written, overwritten, failed } = await store.timescale.upsert(instrument, listed)
    expect({ written, overwritten, failed: failed.map((failure) => [failure.index, failure.error.field]) }).toEqual({
      written: 4,
      // The duplicate currency.
      overwritten: 1,
      failed: [[4, 'kind']],
    })
    const { items } = await store.dsl.listInstruments({ source: 'lists' })
    expect(items).toEqual([listed[3], listed[0], listed[1], listed[2]])
    expect((await store.dsl.findInstruments({ text: 'aapl' })).map(({ source, ...found }) => [source, found])).toEqual([
      [
        'lists',
        {
          ...{ coinId: 'AAPL:XNAS', kind: 'security', symbol: 'AAPL:XNAS', name: 'AAPL:XNAS', mic: 'XNAS' },
          ...{ assetClass: 'stock', currency: 'USD', timezone: 'America/New_York', stored: false },
        },
      ],
    ])
  })

  it('stops when its signal fires', async () => {
    const blocker = await store.pool.connect()
    try {
      await blocker.query('begin')
      await blocker.query('lock table market_analytics_rows in access exclusive mode')
      const row = {
        source: 'slow',
        time: MONDAY,
        receivedAt: MONDAY,
        origin: 'live' as const,
        currency: 'usd',
        totalMarketCap: decimal('1'),
        totalVolume24h: decimal('1'),
        btcDominance: decimal('1'),
        ethDominance: decimal('1'),
        activeCoins: 1,
        markets: 1,
      }
      const write = store.timescale.upsert(marketAnalytics, [row], { signal: AbortSignal.timeout(50) })
      await expect(write).rejects.toMatchObject({ code: 'TIMEOUT', retryable: true })
    } finally {
      await blocker.query('rollback')
      blocker.release()
    }
    expect(await store.check()).toMatchObject({ ok: true })
  })

  it('throws a retryable error when the connection is lost, and works again after it', async () => {
    const blocker = await store.pool.connect()
    try {
      await blocker.query('begin')
      await blocker.query('lock table trending_rows in access exclusive mode')
      const row = { coinId: 'x', source: 'lost', time: MONDAY, receivedAt: MONDAY, origin: 'live' as const, rank: 1 }
      const write = store.timescale.upsert(trending, [row])
      const expected = expect(write).rejects.toSatisfy((error: QiError) => error.code === 'UNAVAILABLE' && error.retryable)
      const waiting = `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock' and query like 'copy%trending%'`
      await until(async () => ((await store.pool.query(waiting)).rowCount ?? 0) > 0, 'the write to wait')
      await expected
      await blocker.query('rollback')
      expect(await store.timescale.upsert(trending, [row])).toEqual({ written: 1, overwritten: 0, failed: [] })
    } finally {
      await blocker.query('rollback')
      blocker.release()
    }
  })
})
