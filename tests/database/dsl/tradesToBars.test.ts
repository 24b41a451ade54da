import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { formatTime, type Trade } from '../../../lib/src/base/types/index.ts'
import { mapperOf } from '../../../lib/src/publishers/sources/binance/parse/live.ts'
import { Instruments } from '../../../lib/src/publishers/venue/index.ts'
import { describeWith, recordedData } from '../../support/services.ts'
import { testStore } from '../testStore.ts'

/** A sum that shares nothing with ours: PostgreSQL's own over the rows. */
const SUM = `select to_char(date_bin('1 minute', time, 'epoch') at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI') as minute,
  trim_scale((array_agg(price order by sequence))[1])::text as open, trim_scale(max(price))::text as high, trim_scale(min(price))::text as low,
  trim_scale((array_agg(price order by sequence desc))[1])::text as close, trim_scale(sum(amount))::text as volume, count(*)::int as trades
from trades where coin_id = 'BTC/USDT' group by 1 order by 1`

describeWith('recorded-data', 'trades of Binance, BTCUSDT of 2024-08-08', async () => {
  const store = await testStore()

  test('give the one-minute bars that PostgreSQL sums up, to the last digit', async () => {
    const listed = { symbol: 'BTCUSDT', coinId: 'BTC/USDT', base: 'BTC', quote: 'USDT', active: true }
    const map = mapperOf({ source: 'binance', instruments: new Instruments([listed]) })
    const texts = gunzipSync(readFileSync(join(recordedData, 'binance-spot-ws/btcusdt_20240808.gz')))
      .toString()
      .split('\n')
      .filter((line) => line.includes('@trade"'))
    const trades = texts.flatMap((line) => {
      const mapped = map(line.slice(line.indexOf(' ') + 1), Date.UTC(2024, 7, 8, 12) * 1000)
      return mapped?.kind === 'trades' ? (mapped.records as readonly Trade[]) : []
    })
    expect(trades.length).toBeGreaterThan(5000)
    expect(await store.dsl.storeTrades(trades)).toMatchObject({ failed: [] })
    const { rows } = await store.pool.query(SUM)
    const { candles } = await store.dsl.getOHLCV({ coin: 'BTC/USDT', timeframe: '1m', limit: 10_000 })
    expect(candles.length).toBeGreaterThan(5)
    expect(
      candles.map(({ time, open, high, low, close, volume, tradeCount }) => ({
        ...{ minute: formatTime(time).slice(0, 16), open, high, low, close, volume, trades: tradeCount },
      })),
    ).toEqual(rows)
  })
})
