import { expect, test } from 'vitest'
import { recordTypes } from '../../../lib/src/base/types/index.ts'
import { iso, LAST_HOUR, tooled } from './tooled.ts'

const tools = tooled()
const insert = (type: string, records: unknown[]) => tools().call('timeseries_insert', { type, records })
const count = async (table: string) =>
  (await tools().platform.store.pool.query(`select count(*)::int as n from ${table}`)).rows[0].n

const common = { coin_id: 'x', currency: 'usd', time: iso(LAST_HOUR) }
const RECORDS: Readonly<Record<keyof typeof recordTypes, readonly [string, Record<string, unknown>]>> = {
  price: ['crypto_prices', { ...common, price: '0.000000000000000000001' }],
  ohlcv: [
    'ohlcv_data',
    { ...common, timeframe: '1h', open: '1', high: '2', low: '1', close: '2', is_final: true, built_from: 'provider' },
  ],
  trade: ['trades', { ...common, trade_id: '1', side: 'buy', price: '1', amount: '2' }],
  quote: ['quotes', { ...common, sequence: 1, bid: '1', bid_size: '1', ask: '2', ask_size: '1' }],
  market_analytics: [
    'market_analytics',
    {
      ...common,
      total_market_cap: '1',
      total_volume_24h: '1',
      btc_dominance: '50',
      eth_dominance: '10',
      active_coins: 1,
      markets: 1,
    },
  ],
  trending: ['trending', { ...common, rank: 1 }],
  indicator: ['indicators', { ...common, timeframe: '1h', name: 'sma', params: 'period=2', value: 1.5 }],
  alert: [
    'alerts',
    {
      ...common,
      name: 'above 1',
      raised_by: 'somebody',
      severity: 'info',
      message: 'it is above 1',
      as_of: '2026-01-01T00:00:00Z',
    },
  ],
  book: [
    'books',
    {
      ...common,
      sequence: 1,
      levels: 2,
      bids: ['1.5', '1'],
      bid_sizes: ['1', '2'],
      asks: ['2'],
      ask_sizes: ['1'],
      verified: true,
    },
  ],
  corporate_action: ['corporate_actions', { ...common, action: 'split', ratio_from: '1', ratio_to: '4' }],
  observation: ['observations', { ...common, value: '1.50', realtime_start: '2026-01-30', units: 'Percent' }],
  instrument: ['currencies', { ...common, kind: 'currency', symbol: 'x', name: 'X', active: true }],
}

test.each(Object.keys(recordTypes) as (keyof typeof recordTypes)[])(
  'a %s is stored once, however often it is given, by way of the stream, as what was handed in',
  async (type) => {
    const [table, record] = RECORDS[type]
    const before = await count(table)
    expect(await insert(type, [record, record])).toMatchObject({ type, stored: 1, overwritten: 1, refused: 0 })
    expect(await insert(type, [record])).toMatchObject({ stored: 0, overwritten: 1, refused: 0 })
    expect(await count(table)).toBe(before + 1)
    const { rows } = await tools().platform.store.pool.query(`select source, origin from ${table} where source = 'manual'`)
    expect(rows[0]).toEqual({ source: 'manual', origin: 'manual' })
    const [topic] = await tools().platform.stream.describeTopics([recordTypes[type].topic])
    expect(topic?.partitions.reduce((sum, { earliest, latest }) => sum + Number(latest - earliest), 0)).toBeGreaterThanOrEqual(3)
  },
)

test('nothing is rounded: a figure with too many digits is refused, not shortened', async () => {
  const [, record] = RECORDS.price
  const answer = await insert('price', [
    { ...record, coin_id: 'digits', price: `0.${'1'.repeat(40)}` },
    { ...record, coin_id: 'digits-too', price: `0.${'1'.repeat(41)}` },
    'no record',
    { ...record, coin_id: 'early', time: 'yesterday' },
  ])
  expect(answer).toMatchObject({ given: 4, stored: 1, refused: 3, refusals: [{ index: 1 }, { index: 2 }, { index: 3 }] })
  const { rows } = await tools().platform.store.pool.query("select price::text from crypto_prices where coin_id like 'digits%'")
  expect(rows).toEqual([{ price: `0.${'1'.repeat(40)}` }])
})

test('an unknown type and too many records are refused', async () => {
  expect(await tools().refused('timeseries_insert', { type: 'rumour', records: [{}] })).toMatch(/BAD_REQUEST.*type "rumour"/)
  expect(await tools().refused('timeseries_insert', { type: 'price', records: Array(1001).fill({}) })).toMatch(
    /BAD_REQUEST.*1000/,
  )
})
