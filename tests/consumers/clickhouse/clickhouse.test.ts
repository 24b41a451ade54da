import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  decimal,
  nowMicros,
  ohlcv,
  price,
  type RecordType,
  type RecordValues,
  recordTypes,
} from '../../../lib/src/base/types/index.ts'
import { sinkSuite } from '../../contracts/sinkSuite.ts'
import { aBar, aPrice, MINUTE, MONDAY } from '../../database/records.ts'
import { type ClickHouseServer, startClickHouse } from '../../support/clickhouse.ts'
import { everyType, LATER_AND_SLOW, laterValue, sampleWire } from '../../support/laterRecords.ts'
import { describeWith } from '../../support/services.ts'
import { openClickHouse, write, writeValues } from './open.ts'

describeWith('clickhouse', 'the destination clickhouse', () => {
  let server: ClickHouseServer
  beforeAll(async () => {
    server = await startClickHouse()
  })
  afterAll(() => server.stop())
  let destinations = 0
  /** Tables of its own, and a sink that writes them. */
  const fresh = async (settings: Readonly<Record<string, unknown>> = {}) => {
    const prefix = `p${++destinations}_`
    return { prefix, sink: await openClickHouse({ url: server.url, table_prefix: prefix, ...settings }) }
  }
  const rows = <T = Record<string, unknown>>(query: string) => server.sql<T>(`${query} format JSONEachRow`)

  let suitePrefix = ''
  sinkSuite('clickhouse', {
    open: async () => {
      const { prefix, sink } = await fresh()
      suitePrefix = prefix
      return sink
    },
    prices: async () => {
      const found = await rows<{ name: string }>(`select name from system.tables where name = '${suitePrefix}price'`)
      return found.length === 0 ? [] : (await rows(`select * from ${suitePrefix}price_final`)).map((row) => JSON.stringify(row))
    },
    impossible: aPrice({ coinId: 'old', time: -2_300_000_000_000_000 }),
  })

  test('every type has its table and its view, and all its fields come back', async () => {
    const { prefix, sink } = await fresh()
    for (const type of everyType) {
      const wire = sampleWire(type, 'a-source', 'a-coin')
      expect(await writeValues(sink, type, [JSON.stringify(wire)]), type.name).toMatchObject({ written: 1, failed: [] })
      const [row] = await rows<RecordValues>(`select * from ${prefix}${type.name}_final`)
      expect(type.toWire(type.fromWire(wireOf(type, row ?? {}))), type.name).toEqual(type.toWire(type.fromWire(wire)))
    }
    expect(everyType).toHaveLength(Object.keys(recordTypes).length)
    await sink.close()
  })

  test('decimals have every digit, those that do not fit in the text column', async () => {
    const { prefix, sink } = await fresh()
    const figures = [
      `${'9'.repeat(40)}.${'1'.repeat(40)}`,
      `-${'9'.repeat(38)}.${'1'.repeat(38)}`,
      `0.${'0'.repeat(38)}12`,
      `${'1'.repeat(39)}`,
      `0.${'0'.repeat(37)}1`,
      '0.10000000000000000001',
      '-0.5',
      '123456789012345678901234567890',
      '7',
    ]
    const records = figures.map((figure, i) => aPrice({ coinId: `coin-${i}`, price: figure, marketCap: decimal(figure) }))
    expect(await write(sink, price, records)).toMatchObject({ written: figures.length, failed: [] })
    const found = await rows(
      `select coalesce(price_exact, toString(price)) as price, coalesce(market_cap_exact, toString(market_cap)) as cap, price_exact is not null as beside from ${prefix}price_final order by coin_id`,
    )
    expect(found.map((row) => row.price)).toEqual(figures)
    expect(found.map((row) => row.cap)).toEqual(figures)
    expect(found.map((row) => Boolean(row.beside))).toEqual([true, false, true, true, ...Array(5).fill(false)])
    await sink.close()
  })

  test('a decimal that fits again leaves the text column', async () => {
    const { prefix, sink } = await fresh()
    await write(sink, price, [aPrice({ price: '1'.repeat(40) })])
    await write(sink, price, [aPrice({ price: '2', receivedAt: MONDAY + 1 })])
    expect(await rows(`select toString(price) as price, price_exact from ${prefix}price_final`)).toEqual([
      { price: '2', price_exact: null },
    ])
    await sink.close()
  })

  test('times are exact to the microsecond, whatever their zone', async () => {
    const { prefix, sink } = await fresh()
    const wire = price.toWire(aPrice())
    const times = ['1900-01-01T00:00:00.000001Z', '2255-06-05T23:47:34.740991Z', '2026-02-03T04:05:06.7+02:00']
    const values = times.map((received_at, i) =>
      JSON.stringify({ ...wire, coin_id: `c${i}`, received_at: times[2], time: received_at }),
    )
    // The middle one lies in the future, and is a failure of its own.
    expect(await writeValues(sink, price, values)).toMatchObject({
      written: 2,
      failed: [{ index: 1, error: { code: 'BAD_DATA' } }],
    })
    expect(await rows(`select toString(time) as time from ${prefix}price_final order by coin_id`)).toEqual([
      { time: '1900-01-01 00:00:00.000001' },
      { time: '2026-02-03 02:05:06.700000' },
    ])
    await sink.close()
  })

  test('the final candle stays, then the last received one, in any order of arrival', async () => {
    const { prefix, sink } = await fresh()
    const bar = (close: string, isFinal: boolean, seen: number) =>
      aBar({ close, isFinal, receivedAt: MONDAY + 2 * MINUTE + seen, high: '99' })
    const bars = [bar('1', false, 9), bar('2', true, 1), bar('3', true, 2), bar('4', false, 3)]
    for (const one of [bars[1], bars[0], bars[2], bars[3], bars[1]] as typeof bars) await write(sink, ohlcv, [one])
    await write(sink, ohlcv, bars.toReversed())
    expect(await rows(`select toString(close) as close, is_final from ${prefix}ohlcv_final`)).toEqual([
      { close: '3', is_final: true },
    ])
    await server.sql(`optimize table ${prefix}ohlcv final`)
    expect(await rows(`select toString(close) as close from ${prefix}ohlcv`)).toEqual([{ close: '3' }])
    await sink.close()
  })

  test('invalid values do not affect other records, and neither do unknown fields', async () => {
    const { prefix, sink } = await fresh()
    const wire = price.toWire(aPrice())
    const later = laterValue(wire, `${LATER_AND_SLOW},"version":7,"price_exact":"9","P":1`)
    const values = [
      'no record',
      JSON.stringify({ ...wire, coin_id: 'quote"\\\n' }).replace('\\n', ''),
      later,
      laterValue({ ...wire, coin_id: 'plain' }, '"price_exact":"9","version":1'),
      JSON.stringify({ ...wire, coin_id: 'twice' }).replace('"coin_id"', '"coin_id":"first","coin_id"'),
      JSON.stringify({ ...wire, coin_id: 'lines' }, null, 2),
      JSON.stringify({ ...wire, price: '1e5' }),
      price.encode(aPrice({ coinId: 'future', time: nowMicros() + 3_600_000_000 })),
    ]
    expect(await writeValues(sink, price, values)).toMatchObject({
      written: 5,
      failed: [0, 6, 7].map((index) => ({ index, error: { code: 'BAD_DATA', retryable: false } })),
    })
    const found = await rows(`select coin_id, toString(price) as price, price_exact from ${prefix}price_final order by coin_id`)
    expect(found).toEqual(
      ['bitcoin', 'lines', 'plain', 'quote"\\', 'twice'].map((coin_id) => ({ coin_id, price: '65000.5', price_exact: null })),
    )
    await sink.close()
  })

  test('a record that the server refuses by a constraint is found, and the others are stored', async () => {
    const { prefix, sink } = await fresh()
    await write(sink, price, [aPrice()])
    await server.sql(`alter table ${prefix}price add constraint sane check price < 100000`)
    const many = Array.from({ length: 50 }, (_, i) =>
      aPrice({ coinId: `coin-${i}`, price: i === 17 || i === 40 ? '100001' : '1' }),
    )
    const result = await write(sink, price, many)
    expect(result).toMatchObject({
      written: 48,
      failed: [
        { index: 17, error: { code: 'BAD_DATA' } },
        { index: 40, error: { code: 'BAD_DATA' } },
      ],
    })
    expect(await rows(`select count()::UInt32 as n from ${prefix}price_final`)).toEqual([{ n: 49 }])
    await sink.close()
  })

  test('history of many years is one write', async () => {
    const { prefix, sink } = await fresh()
    const days = Array.from({ length: 12 * 30 }, (_, month) => aPrice({ time: MONDAY - month * 30 * 1440 * MINUTE }))
    expect(await write(sink, price, days)).toMatchObject({ written: 360, failed: [] })
    expect(await rows(`select count()::UInt32 as n from ${prefix}price_final`)).toEqual([{ n: 360 }])
    await sink.close()
  })

  test('requests are compressed with compression: true', async () => {
    const { prefix, sink } = await fresh({ compression: true })
    expect(await write(sink, price, [aPrice()])).toMatchObject({ written: 1 })
    expect(await rows(`select toString(price) as price from ${prefix}price_final`)).toEqual([{ price: '65000.5' }])
    await sink.close()
  })
})

/** A row of the engine in the form of the wire. */
function wireOf(type: RecordType, row: Readonly<Record<string, unknown>>): object {
  const wire = type.fields.flatMap(({ name, kind }) => {
    const value = row[name]
    if (value === null || value === undefined) return []
    if (kind === 'time') return [[name, `${String(value).replace(' ', 'T')}Z`]]
    if (kind === 'decimals') return [[name, (value as readonly unknown[]).map(String)]]
    return [[name, kind === 'decimal' ? String(value) : kind === 'integer' ? Number(value) : value]]
  })
  return Object.fromEntries(wire)
}
