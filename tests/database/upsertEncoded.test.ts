import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decimal,
  type EncodedBatch,
  encodedBatch,
  type Instrument,
  instrument,
  type Ohlcv,
  ohlcv,
  type Price,
  price,
  type Quote,
  quote,
  type RecordType,
  type RecordValues,
} from '../../lib/src/base/types/index.ts'
import { SHRINKS } from '../support/shrinks.ts'
import { aBar, aPrice, MONDAY } from './records.ts'
import { count, testStore } from './testStore.ts'

const store = await testStore()

/** Batches of encoded values, as a stream yields them. */
function batches(values: readonly (string | Uint8Array)[], size = values.length): EncodedBatch[] {
  const messages = values.map((value, i) => ({ offset: BigInt(i), key: null, value: Buffer.from(value), timestamp: 0 }))
  return Array.from({ length: Math.ceil(messages.length / size) }, (_, i) =>
    encodedBatch('topic', 0, messages.slice(i * size, (i + 1) * size)),
  )
}
const encode = <R extends RecordValues>(type: RecordType<R>, records: readonly R[]) =>
  records.map((record) => type.encode(record))
const upsert = <R extends RecordValues>(type: RecordType<R>, values: readonly (string | Uint8Array)[], size?: number) =>
  store.timescale.upsertEncoded(type as unknown as RecordType, batches(values, size))
const rowsOf = async (table: string, order: string) => (await store.pool.query(`select * from ${table} order by ${order}`)).rows

describe('upsertEncoded', () => {
  it('stores the same rows as upsert, and reports undecodable records by their index through the batches', async () => {
    await store.pool.query('truncate crypto_prices_rows')
    const records = Array.from({ length: 300 }, (_, i) =>
      aPrice({ coinId: `coin-${i % 7}`, source: 'lane', time: MONDAY + i, price: `${i}.5` }),
    )
    const values: string[] = encode(price, records)
    values.splice(100, 0, '{"coin_id":"x"}')
    values.splice(299, 0, 'no json')
    const { written, failed } = await upsert(price, values, 40)
    expect(written).toBe(300)
    expect(failed.map(({ index, error }) => [index, error.code, error.retryable])).toEqual([
      [100, 'BAD_DATA', false],
      [299, 'BAD_DATA', false],
    ])
    expect(failed[0]?.error.message).toContain('price: source missing')
    const fast = await rowsOf('crypto_prices', 'time')
    await store.pool.query('truncate crypto_prices_rows')
    await store.timescale.upsert(price, records)
    expect(fast).toEqual(await rowsOf('crypto_prices', 'time'))
  })

  it('takes the slow way for text beyond ASCII and escapes, and leaves out unknown fields', async () => {
    const strange = { ...price.toWire(aPrice({ coinId: '比特币"', source: 'slow' })), ours: { not: [1] } }
    expect(await upsert(price, [JSON.stringify(strange)])).toEqual({ written: 1, overwritten: 0, failed: [] })
    const { items } = await store.dsl.getLatestPrices({ sources: ['slow'] })
    expect(items.map((item) => item.coinId)).toEqual(['比特币"'])
  })

  it('finds refused rows, and stores their neighbours', async () => {
    await store.pool.query('alter table quotes_rows add constraint no_thirteen check (sequence <> 13 and sequence <> 177)')
    const one = decimal('1')
    const quotes: Quote[] = Array.from({ length: 200 }, (_, sequence) => ({
      coinId: `c${sequence % 5}`, source: 'venue', time: MONDAY, receivedAt: MONDAY, origin: 'live', currency: 'USDT', sequence,
      bid: one, bidSize: one, ask: one, askSize: one,
    })) // biome-ignore format: one record
    const { written, failed } = await upsert(quote, ['{}', ...encode(quote, quotes)], 30)
    expect(written).toBe(198)
    expect(failed.map((failure) => failure.index)).toEqual([0, 14, 178])
    expect(await count(store, "quotes where source = 'venue'")).toBe(198)
  })

  it('writes instruments to the reference tables', async () => {
    const one = (kind: string, coinId: string): Instrument =>
      ({
        coinId,
        source: 'lane',
        time: MONDAY,
        receivedAt: MONDAY,
        origin: 'live',
        kind,
        symbol: coinId,
        name: coinId,
        active: true,
      }) as Instrument
    const values = encode(instrument, [one('currency', 'a'), one('exchange', 'x')])
    const { written, failed } = await upsert(instrument, ['[]', values[0] as string, '7', values[1] as string], 2)
    expect(written).toBe(2)
    expect(failed.map((failure) => failure.index)).toEqual([0, 2])
    expect(await count(store, 'exchanges')).toBe(1)
  })

  it('accepts an empty list', async () => {
    expect(await upsert(price, [])).toEqual({ written: 0, overwritten: 0, failed: [] })
  })

  it('gives numbers to new series anywhere in a large batch, also if some of its rows are refused', async () => {
    await store.pool.query('alter table quotes_rows add constraint no_seventh check (sequence <> 1007) not valid')
    const one = decimal('1')
    const quotes: Quote[] = Array.from({ length: 9000 }, (_, i) => ({
      coinId: `new-${i >> 1}`,
      source: 'lane',
      time: MONDAY + i,
      receivedAt: MONDAY,
      origin: 'live',
      currency: 'usd',
      sequence: 1000 + i,
      bid: one,
      bidSize: one,
      ask: one,
      askSize: one,
    }))
    const { written, failed } = await upsert(quote, encode(quote, quotes))
    await store.pool.query('alter table quotes_rows drop constraint no_seventh')
    expect([written, failed.map(({ index }) => index)]).toEqual([8999, [7]])
    expect(await count(store, "quotes where source = 'lane' and coin_id like 'new-%'")).toBe(8999)
    expect(await count(store, "series where type = 'quote' and coin_id like 'new-%'")).toBe(4500)
  })

  it('leaves the same rows for any order, repetitions, batches and way of writing', async () => {
    const bar = fc
      .record({
        coinId: fc.constantFrom('a', 'b'),
        time: fc.constantFrom(MONDAY, MONDAY + 1),
        receivedAt: fc.constantFrom(MONDAY, MONDAY + 5),
        isFinal: fc.boolean(),
        close: fc.constantFrom('1', '2.5'),
        volume: fc.option(fc.constantFrom('0', '3'), { nil: undefined }),
      })
      .map(({ volume, ...rest }): Ohlcv => ({ ...aBar(rest), ...(volume === undefined ? {} : { volume: decimal(volume) }) }))
    const all = () => rowsOf('ohlcv_data', 'coin_id, time')
    await fc.assert(
      fc.asyncProperty(
        fc.array(bar, { minLength: 1, maxLength: 24 }).chain((bars) =>
          fc.tuple(
            fc.constant(bars),
            fc.shuffledSubarray([...bars, ...bars], { minLength: bars.length }).map((some) => [...some, ...bars]),
            fc.integer({ min: 1, max: 9 }),
          ),
        ),
        async ([bars, again, size]) => {
          await store.pool.query('truncate ohlcv_data_rows')
          await store.timescale.upsert(ohlcv as RecordType<Ohlcv>, bars)
          const expected = await all()
          await store.pool.query('truncate ohlcv_data_rows')
          const values = encode(ohlcv as RecordType<Ohlcv>, again)
          for (let i = 0; i < values.length; i += 2 * size)
            await upsert(ohlcv as RecordType<Ohlcv>, values.slice(i, i + 2 * size), size)
          expect(await all()).toEqual(expected)
        },
      ),
      { ...SHRINKS, numRuns: 30 },
    )
  })

  it('keeps the newest row among concurrent writers of the same keys', async () => {
    await store.pool.query('truncate crypto_prices_rows')
    const records: Price[] = Array.from({ length: 3000 }, (_, i) =>
      aPrice({ time: MONDAY + (i % 100), receivedAt: MONDAY + ((i * 7919) % 3000), price: `${i}` }),
    )
    const values = encode(price, records)
    const lanes = [values, values.toReversed(), values.filter((_, i) => i % 2)]
    await Promise.all(
      lanes.map(async (lane) => {
        for (let i = 0; i < lane.length; i += 250) await upsert(price, lane.slice(i, i + 250), 100)
      }),
    )
    const best = [...Map.groupBy(records, (one) => one.time).values()].map((same) =>
      Math.max(...same.map((one) => one.receivedAt)),
    )
    const { rows } = await store.pool.query(
      'select (extract(epoch from received_at) * 1000000)::bigint::text as r from crypto_prices order by time',
    )
    expect(rows.map((row) => Number(row.r))).toEqual(best)
  })
})
