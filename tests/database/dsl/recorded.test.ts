import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { compute } from '../../../lib/src/base/database/dsl/indicators/compute.ts'
import { type Candle, type IndicatorName, indicatorOf } from '../../../lib/src/base/database/index.ts'
import { decimal, type Ohlcv, parseTime } from '../../../lib/src/base/types/index.ts'
import { describeWith, recordedData } from '../../support/services.ts'
import { aCandle, MINUTE, MONDAY } from '../records.ts'
import { testStore } from '../testStore.ts'

type Row = Readonly<Record<string, string>>

/** The values that Twelve Data computed of AAPL, minute by minute, oldest first. */
const twelveData = (name: string): Row[] => {
  const body = JSON.parse(readFileSync(join(recordedData, 'twelvedata-indicators-2025-08', `${name}.json`), 'utf8')) as {
    values: Row[]
  }
  return body.values.toReversed()
}
const candlesOf = (closes: readonly number[]): Candle[] =>
  closes.map((close, i) => aCandle({ time: MONDAY + i * MINUTE, close: close.toFixed(9), high: '9999', low: '0' }))
const run = (name: IndicatorName, params: object, closes: readonly number[]) =>
  compute(indicatorOf(name), params as never, candlesOf(closes))

describeWith('recorded-data', 'indicators against Twelve Data', () => {
  // The closes follow from the EMA: close_t = (EMA_t - (1 - a) · EMA_{t-1}) / a. Five decimals leave an error below 0.0001.
  const emas = () => twelveData('exponential_moving_average')
  const closes = () => {
    const values = emas().map(({ ema }) => Number(ema))
    return values.slice(1).map((ema, i) => (ema - 0.8 * (values[i] as number)) / 0.2)
  }

  it('the EMA of those closes equals the recorded EMA', () => {
    const found = run('ema', { period: 9 }, [Number(emas()[0]?.ema), ...closes()])
    const published = emas().slice(8)
    expect(found).toHaveLength(published.length)
    for (const [i, { values }] of found.entries()) expect(values.value).toBeCloseTo(Number(published[i]?.ema), 4)
  })

  it('their SMA equals the recorded SMA', () => {
    const published = twelveData('simple_moving_average').slice(1 + 8)
    const found = run('sma', { period: 9 }, closes())
    expect(found).toHaveLength(21)
    for (const [i, { values }] of found.entries())
      expect(Math.abs((values.value as number) - Number(published[i]?.sma))).toBeLessThan(1e-4)
  })

  it('their Bollinger bands equal the recorded bands', () => {
    const published = twelveData('bollinger_bands').slice(1 + 19)
    const found = run('bollinger', { period: 20, deviations: 2 }, closes())
    expect(found).toHaveLength(10)
    for (const [i, { values }] of found.entries())
      for (const band of ['lower', 'middle', 'upper'])
        expect(Math.abs((values[band] as number) - Number(published[i]?.[`${band}_band`]))).toBeLessThan(2e-4)
  })

  it('the recorded MACD signal is the average of the recorded MACD, as ours is', () => {
    const rows = twelveData('moving_average_convergence_divergence')
    const signal = run('ema', { period: 9 }, [Number(rows[0]?.macd_signal), ...rows.slice(1).map(({ macd }) => Number(macd))])
    for (const [i, { values }] of signal.entries())
      expect(Math.abs((values.value as number) - Number(rows[i + 8]?.macd_signal))).toBeLessThan(1e-6)
    for (const { macd, macd_signal, macd_hist } of rows)
      expect(Number(macd) - Number(macd_signal)).toBeCloseTo(Number(macd_hist), 7)
  })
})

describeWith('recorded-data', 'verbs on recorded candles', async () => {
  const { dsl } = await testStore()

  it('RSI and MACD of four-hour bitcoin do not depend on where the range begins, and agree with formulas written out', async () => {
    const bytes = readFileSync(join(recordedData, 'ohlcv-ta4j/Coinbase-BTC-USD-PT4H-20160518_20251028.json.gz'))
    const { candles } = JSON.parse(gunzipSync(bytes).toString()) as { candles: Row[] }
    const bars = candles.slice(-3000).map(
      ({ start, open, high, low, close, volume }): Ohlcv => ({
        ...aCandle({ coinId: 'BTC-USD', source: 'coinbase', timeframe: '4h', time: Number(start) * 1_000_000 }),
        open: decimal(open as string),
        high: decimal(high as string),
        low: decimal(low as string),
        close: decimal(close as string),
        volume: decimal(volume as string),
      }),
    )
    await dsl.storeOHLCV(bars)
    const last = bars.at(-1) as Ohlcv
    const base = { coin: 'BTC-USD', timeframe: '4h' } as const
    const closes = bars.map(({ close }) => Number(close))

    const rsi = await dsl.calculateRSI({ ...base, limit: 50 })
    expect(rsi).toMatchObject({ settled: true, missing: 0, warmUp: 15, params: 'period=14' })
    expect(rsi.points).toHaveLength(50)
    expect(rsi.points.at(-1)?.time).toBe(last.time)
    expect(rsi.points.at(-1)?.values.value).toBeCloseTo(wilder(closes, 14), 6)
    const part = await dsl.calculateRSI({ ...base, from: rsi.points[40]?.time as number })
    expect(part.points).toHaveLength(10)
    for (const [i, { values }] of part.points.entries())
      expect(values.value).toBeCloseTo(rsi.points[40 + i]?.values.value as number, 5)

    const macd = await dsl.calculateMACD({ ...base, limit: 1 })
    expect(macd.points[0]?.values.macd).toBeCloseTo(
      (smoothed(closes, 12).at(-1) as number) - (smoothed(closes, 26).at(-1) as number),
      4,
    )
    const found = await dsl.detectPriceAnomalies({ ...base, limit: 2500 })
    expect(found.examined).toBe(2500)
    expect(found.anomalies.length).toBeGreaterThan(0)
    expect(found.anomalies.length).toBeLessThan(100)
  })

  it('hours made of recorded minutes are the sums that arithmetic gives', async () => {
    const lines = readFileSync(join(recordedData, 'ohlcv-basana/bitstamp_btcusd_min_2020_01_01.csv'), 'utf8')
      .trim()
      .split('\n')
      .slice(1)
    const bars = lines.map((line): Ohlcv => {
      const [time, open, high, low, close, volume] = line.split(',') as [string, string, string, string, string, string]
      return {
        ...aCandle({
          coinId: 'btcusd',
          source: 'bitstamp',
          time: parseTime(`${time.replace(' ', 'T')}Z`),
          open,
          high,
          low,
          close,
        }),
        volume: decimal(volume),
      }
    })
    await dsl.storeOHLCV(bars)
    const { candles } = await dsl.getTimeBucketedOHLCV({ coin: 'btcusd', bucket: '90m' })
    expect(candles).toHaveLength(16)
    for (const [i, candle] of candles.entries()) {
      const part = bars.filter(({ time }) => time >= candle.time && time < candle.time + 90 * MINUTE)
      expect([candle.open, candle.close, candle.pieces, candle.fromTimeframe]).toEqual([
        part[0]?.open,
        part.at(-1)?.close,
        part.length,
        '1m',
      ])
      expect(Number(candle.high)).toBe(Math.max(...part.map(({ high }) => Number(high))))
      expect(Number(candle.low)).toBe(Math.min(...part.map(({ low }) => Number(low))))
      expect(candle.volume).toBe(exactSum(part.map(({ volume }) => volume as string)))
      expect(candle.time).toBe((bars[0] as Ohlcv).time + i * 90 * MINUTE)
    }
    const vwap = await dsl.calculateVWAP({ coin: 'btcusd', timeframe: '1m', limit: 5000 })
    const weights = bars.map((bar) => [(Number(bar.high) + Number(bar.low) + Number(bar.close)) / 3, Number(bar.volume)] as const)
    const expected = weights.reduce((sum, [p, v]) => sum + p * v, 0) / weights.reduce((sum, [, v]) => sum + v, 0)
    expect(vwap.points.at(-1)?.values.value).toBeCloseTo(expected, 8)
  })
})

/** Wilder's RSI written out, without the library. */
function wilder(closes: readonly number[], n: number): number {
  const moves = closes.slice(1).map((close, i) => close - (closes[i] as number))
  const mean = (pick: (move: number) => number) =>
    moves
      .slice(n)
      .reduce(
        (average, move) => average + (pick(move) - average) / n,
        moves.slice(0, n).reduce((sum, move) => sum + pick(move), 0) / n,
      )
  return 100 - 100 / (1 + mean((move) => Math.max(move, 0)) / mean((move) => Math.max(-move, 0)))
}

function smoothed(closes: readonly number[], n: number): number[] {
  let value = closes[0] as number
  return closes.map((close) => (value += (2 / (n + 1)) * (close - value)))
}

/** Sums of eight decimals, in integers. */
function exactSum(figures: readonly string[]): string {
  const units = figures.reduce((sum, figure) => {
    const [whole = '', fraction = ''] = figure.split('.')
    return sum + BigInt(whole + fraction.padEnd(8, '0'))
  }, 0n)
  return decimal(`${units / 100_000_000n}.${String(units % 100_000_000n).padStart(8, '0')}`)
}
