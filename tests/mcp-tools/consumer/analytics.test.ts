import { expect, test } from 'vitest'
import { candleWire, HOUR_MS, iso, LAST_HOUR, priceWire, tooled } from './tooled.ts'

const tools = tooled()
const store = (coin: string, closes: readonly number[], more = {}) =>
  tools().seed('ohlcv', { records: closes.map((close, i) => candleWire(coin, closes.length - 1 - i, close, more)) })

interface Analysis {
  readonly close: string
  readonly indicators: { name: string; values?: Record<string, number>; signal?: string; missing: number }[]
  readonly signals: { up: number; down: number; neutral: number }
}

test('technical analysis gives the values of the verbs, and their signals by rule', async () => {
  const closes = Array.from({ length: 120 }, (_, i) => 1000 + i * 5)
  await store('rising', closes)
  const answer = await tools().call<Analysis>('technical_analysis', { coin: 'rising' })
  expect(answer.close).toBe('1595')
  const values = Object.fromEntries(answer.indicators.map((one) => [one.name, one]))
  const { dsl } = tools().platform.store
  for (const name of ['sma', 'ema', 'rsi', 'macd', 'bollinger', 'vwap'] as const) {
    const { points } = await dsl.calculateIndicator(name, { coin: 'rising', limit: 1 })
    expect(values[name]?.values).toEqual(points[0]?.values)
  }
  expect(values.sma?.values?.value).toBeCloseTo(closes.slice(-20).reduce((a, b) => a + b) / 20, 9)
  // It only rose: above its averages, and overbought.
  expect(values).toMatchObject({ sma: { signal: 'up' }, ema: { signal: 'up' }, rsi: { signal: 'down', values: { value: 100 } } })
  const { up, down, neutral } = answer.signals
  expect(up + down + neutral).toBe(6)
})

test('technical analysis says how many candles are missing, and refuses what it does not know', async () => {
  await store('young', [1, 2, 3])
  const { indicators } = await tools().call<Analysis>('technical_analysis', { coin: 'young', indicators: ['sma'] })
  expect(indicators).toMatchObject([{ name: 'sma', missing: 17 }])
  expect(indicators[0]?.signal).toBeUndefined()
  expect(await tools().refused('technical_analysis', { coin: 'young', indicators: ['magic'] })).toContain('indicators')
  expect(await tools().refused('technical_analysis', { coin: 'young', to: '2001-01-01' })).toMatch(/NOT_FOUND.*`to`/)
  expect(await tools().refused('technical_analysis', { coin: 'unheard' })).toMatch(/NOT_FOUND/)
})

test('correlation is 1 with the same moves, -1 with the opposite ones, over common candles alone', async () => {
  const moves = Array.from({ length: 30 }, (_, i) => Math.sin(i * i) * 0.1)
  const path = (sign: number): number[] => {
    let close = 100
    return [close, ...moves.map((move) => (close *= Math.exp(sign * move)))]
  }
  const records = [
    ...path(1).map((close, i) => candleWire('left', 30 - i, close)),
    ...path(1).map((close, i) => candleWire('same', 30 - i, close * 7)),
    ...path(-1).map((close, i) => candleWire('opposite', 30 - i, close)),
  ].map((record) => ({ ...record, high: '1000000', low: '0.0001' }))
  await tools().seed('ohlcv', {
    records: records.filter(({ coin_id, time }) => coin_id !== 'same' || time !== iso(LAST_HOUR - 10 * HOUR_MS)),
  })
  const answer = await tools().call<{ n: number; candles: number; holes: number; pairs: { a: string; b: string; r: number }[] }>(
    'correlation',
    { coins: ['left', 'same', 'opposite'] },
  )
  expect(answer).toMatchObject({ candles: 30, n: 29, holes: 1, computed: 'float64' })
  const [same, opposite] = [answer.pairs[0], answer.pairs[1]]
  expect(same).toMatchObject({ a: 'left', b: 'same', r: expect.closeTo(1, 9) })
  expect(opposite).toMatchObject({ a: 'left', b: 'opposite', r: expect.closeTo(-1, 9) })
})

test('correlation needs two coins with candles in common, and says so', async () => {
  await store('alone', [1, 2, 3, 4, 5])
  await store('short', [1, 2])
  expect(await tools().refused('correlation', { coins: ['alone'] })).toMatch(/BAD_REQUEST.*coins/)
  expect(await tools().refused('correlation', { coins: ['alone', 'alone'] })).toMatch(/named twice/)
  expect(await tools().refused('correlation', { coins: ['alone', 'short'] })).toMatch(
    /NOT_FOUND: these coins have 2 1h candles in common/,
  )
  await store('still', [7, 7, 7, 7, 7])
  const { pairs } = await tools().call<{ pairs: { r?: number }[] }>('correlation', { coins: ['alone', 'still'] })
  expect(pairs[0]?.r).toBeUndefined()
})

test('sentiment follows its formula, and names the parts that are missing', async () => {
  const source = 'mood'
  expect(await tools().refused('market_sentiment', { source })).toMatch(/NOT_FOUND.*nothing to judge/)
  const changes = ['1', '2', '-1', '3']
  await tools().seed('price', {
    records: changes.map((change, i) => priceWire(`m${i}`, LAST_HOUR, '1', { source, change_24h_pct: change })),
  })
  const breadth = (3 - 1) / 4
  expect(await tools().call('market_sentiment', { source })).toMatchObject({
    score: 50 + 50 * breadth,
    reading: 'greed',
    parts: { breadth },
    missing: ['volatility', 'dominance'],
    formula: expect.stringContaining('advancers - decliners'),
  })
  const figures = (back: number, dominance: string) => ({
    source,
    currency: 'usd',
    time: iso(LAST_HOUR - back * HOUR_MS),
    total_market_cap: '1',
    total_volume_24h: '1',
    btc_dominance: dominance,
    eth_dominance: '10',
    active_coins: 1,
    markets: 1,
  })
  await tools().seed('market_analytics', { records: [figures(0, '55'), figures(25, '54')] })
  // Wild until a day ago, nearly still since.
  await store(
    'bitcoin',
    Array.from({ length: 100 }, (_, i) => 100 + (i < 76 ? (i % 2) * 20 : (i % 2) * 0.01)),
    { source },
  )
  const answer = await tools().call<{ score: number; parts: { volatility: number } }>('market_sentiment', { source })
  expect(answer).toMatchObject({ parts: { breadth, dominance: -0.5 }, missing: [] })
  expect(answer.parts.volatility).toBeGreaterThan(0.7)
  expect(answer.score).toBeCloseTo(50 + (50 * (breadth - 0.5 + answer.parts.volatility)) / 3, 9)
})
