import { expect, test } from 'vitest'
import { candleWire, HOUR_MS, iso, LAST_HOUR, priceWire, tooled } from './tooled.ts'

const tools = tooled()
const rows = async (sql: string, values: unknown[] = []) => (await tools().platform.store.pool.query(sql, values)).rows

test('the current price is the newest of the preferred series, the others are beside', async () => {
  await tools().seed('price', {
    records: [
      priceWire('now', LAST_HOUR, '1.5'),
      priceWire('now', LAST_HOUR - 1000, '9'),
      priceWire('now', LAST_HOUR - 2000, '1.4', { currency: 'eur' }),
    ],
  })
  expect(await tools().call('get_current_price', { coin: 'now' })).toMatchObject({
    price: { coin_id: 'now', price: '1.5', currency: 'usd', time: iso(LAST_HOUR).replace('.000', '') },
    others: [{ currency: 'eur', price: '1.4' }],
    others_count: 1,
  })
  expect(await tools().refused('get_current_price', { coin: 'nowhere' })).toMatch(/NOT_FOUND: no price of "nowhere"/)
})

test('candles come in pages from the newest back, each once', async () => {
  await tools().seed('ohlcv', {
    records: Array.from({ length: 25 }, (_, back) => candleWire('paged', back, 100 + back)),
  })
  const seen: string[] = []
  for (let to: string | undefined; ; ) {
    const page: { candles: { time: string; close: string }[]; before?: string } = await tools().call('get_ohlcv_data', {
      coin: 'paged',
      limit: 10,
      ...(to && { to }),
    })
    seen.unshift(...page.candles.map(({ close }) => close))
    to = page.before
    if (!to) break
  }
  expect(seen).toEqual(Array.from({ length: 25 }, (_, i) => String(124 - i)))
  expect(await tools().refused('get_ohlcv_data', { coin: 'paged', timeframe: '7h' })).toContain('timeframe')
})

test('a ticker of one coin is its id, one of many is never guessed', async () => {
  await tools().seed('price', { records: [priceWire('unequivocal', LAST_HOUR, '3')] })
  const coins = ['unequivocal', 'twin-a', 'twin-b']
  for (const [i, id] of coins.entries())
    await rows(
      `insert into currencies (coin_id, source, time, received_at, origin, active, symbol, name) values ($1, 'coingecko', now(), now(), 'live', true, $2, $1)`,
      [id, i === 0 ? 'une' : 'twn'],
    )
  expect(await tools().call('get_current_price', { coin: 'UNE' })).toMatchObject({ price: { coin_id: 'unequivocal' } })
  expect(await tools().refused('get_current_price', { coin: 'twn' })).toMatch(
    /ticker or name of 2 coins: twin-a, twin-b; use an id/,
  )
})

test('market figures are stored; the summary shows them, breadth and movers', async () => {
  const figures = {
    source: 'coingecko',
    currency: 'chf',
    time: iso(LAST_HOUR),
    total_market_cap: '3000000000000.5',
    total_volume_24h: '1',
    btc_dominance: '57.1',
    eth_dominance: '12',
    active_coins: 3,
    markets: 2,
  }
  await tools().seed('market_analytics', { records: [figures] })
  await tools().seed('price', {
    records: [3, -2, -1].map((change, i) =>
      priceWire(`mover-${i}`, LAST_HOUR, '1', { currency: 'chf', change_24h_pct: String(change) }),
    ),
  })
  expect(await tools().call('get_market_summary', { currencies: 'chf' })).toMatchObject({
    simulated: false,
    manual: false,
    analytics: [{ total_market_cap: '3000000000000.5', btc_dominance: '57.1' }],
    breadth: [{ coins: 3, advancers: 1, decliners: 2 }],
    gainers: [{ coin_id: 'mover-0', change_24h_pct: '3' }],
    losers: [{ coin_id: 'mover-1' }, { coin_id: 'mover-2' }],
  })
})

test('the moving average is the mean of the closes', async () => {
  await tools().seed('ohlcv', { records: [1, 2, 3, 4, 5].map((close, i) => candleWire('mean', 4 - i, close * 10)) })
  const { points } = await tools().call<{ points: { value: number }[] }>('calculate_sma', { coin: 'mean', period: 2 })
  expect(points.map(({ value }) => value)).toEqual([15, 25, 35, 45])
  expect(await tools().call('calculate_sma', { coin: 'mean', period: 50 })).toMatchObject({ points: [], missing: 45 })
  expect(await tools().refused('calculate_sma', { coin: 'mean', period: 0 })).toContain('period')
})

test('a jump among quiet candles is an anomaly, and alone', async () => {
  const closes = Array.from({ length: 60 }, (_, i) => (i === 50 ? 200 : 100 + Math.sin(i * i) * 0.5))
  await tools().seed('ohlcv', { records: closes.map((close, i) => candleWire('jump', 59 - i, close)) })
  const answer = await tools().call<{ found: number; anomalies: { time: string; close: string }[] }>('detect_price_anomalies', {
    coin: 'jump',
    window: 20,
  })
  // Up, and back again.
  expect(answer.found).toBe(2)
  expect(answer.anomalies[0]).toMatchObject({ close: '200', time: iso(LAST_HOUR - 9 * HOUR_MS).replace('.000', '') })
  const one = await tools().call<{ anomalies: unknown[]; before: string }>('detect_price_anomalies', {
    coin: 'jump',
    window: 20,
    most: 1,
  })
  expect(one.anomalies).toHaveLength(1)
  expect(one.before).toBeDefined()
})

test('data health reports a gap, and the resource equals the answer over HTTP', async () => {
  const records = Array.from({ length: 12 }, (_, back) => candleWire('holed', back, 5)).filter(
    (_, back) => back !== 5 && back !== 6,
  )
  await tools().seed('ohlcv', { records })
  const { items } = await tools().call<{ items: Record<string, unknown>[] }>('get_data_health', { coin: 'holed' })
  expect(items).toMatchObject([{ kind: '1h', status: 'gappy', rows: 10, gaps: 1, longest: [{ from: expect.any(String) }] }])
  const resource = await tools().client.readResource({ uri: 'qicore://health/data' })
  const { items: all } = JSON.parse((resource.contents[0] as { text: string }).text)
  expect(all.find((item: Record<string, unknown>) => item.coin_id === 'holed')).toMatchObject({
    age_seconds: expect.any(Number),
    kind: '1h',
  })
})
