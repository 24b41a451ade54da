import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { csvLines, historyKinds, type LineForm, ndjsonLines } from '../../lib/src/base/database/index.ts'
import { RowReader } from '../../lib/src/base/database/reading/RowReader.ts'
import { SERIES_NAMES } from '../../lib/src/base/database/tables/tables.ts'
import {
  csvRow,
  decimal,
  type Price,
  price,
  type QiError,
  type RecordType,
  type RecordValues,
  trade,
} from '../../lib/src/base/types/index.ts'
import { SHRINKS } from '../support/shrinks.ts'
import { aBar, aPrice, MINUTE, MONDAY } from './records.ts'
import { testStore } from './testStore.ts'
import { wireRecord } from './wireRecords.ts'

const store = await testStore()
const { dsl } = store
afterEach(async () => {
  for (const { table } of historyKinds.values()) await store.pool.query(`truncate ${table.name}`)
})

const LINES: Readonly<Record<string, { form: LineForm; line: (type: RecordType, record: RecordValues) => string }>> = {
  ndjson: { form: ndjsonLines, line: (type, record) => `${type.encode(record)}\n` },
  csv: { form: csvLines, line: csvRow },
}

async function textOf(name: string, form: LineForm, query = {}): Promise<string> {
  const parts: Buffer[] = []
  for await (const { bytes } of (await dsl.openHistory(name, query)).pieces(form)) parts.push(bytes)
  return Buffer.concat(parts).toString()
}

async function records<R extends RecordValues>(type: RecordType<R>, query = {}): Promise<R[]> {
  return Array.fromAsync(dsl.getHistory(type, query))
}

/** All records, read in pages of a size. */
async function paged<R extends RecordValues>(type: RecordType<R>, name: string, limit: number, query = {}): Promise<R[]> {
  const all: R[] = []
  for (let after: string | undefined; ; ) {
    const history = await dsl.openHistory(name, { ...query, ...(after !== undefined && { after }) })
    const { bytes, rows, next } = await history.page(ndjsonLines, limit)
    const lines = bytes.toString().split('\n').filter(Boolean)
    expect(lines).toHaveLength(rows)
    expect(rows).toBeLessThanOrEqual(limit)
    all.push(...lines.map((line) => type.decode(Buffer.from(line))))
    if (next === undefined) return all
    expect(rows).toBeGreaterThan(0)
    after = next
  }
}

describe.for([...historyKinds.values()])('history of $name', ({ name, type, table, order }) => {
  test('gives every stored record, in order, as the record type encodes it; the same in pages of any size', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(wireRecord(type), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 9 }),
        async (wires, limit) => {
          const given = wires.flatMap((wire) => {
            try {
              return [type.fromWire({ ...wire, source: 's' })]
            } catch {
              return []
            }
          })
          await store.pool.query(`truncate ${table.name}`)
          await dsl.store(type, given)
          const terms = [...SERIES_NAMES.map((column) => `s.${column}`), ...order.flatMap((one) => one.terms(`v.${one.name}`))]
          const text = `select v.* from ${table.series.view} as v join series as s on s.id = v.series order by ${terms.join(', ')}`
          const stored = await new RowReader(store.pool).records(type, { text })
          const wanted = { includeSimulated: true }
          const atOnce = { ...wanted, order: 'time' }
          for (const { form, line } of Object.values(LINES))
            expect(await textOf(name, form, wanted)).toBe(stored.map((record) => line(type, record)).join(''))
          expect(await paged(type, name, limit, wanted)).toEqual(stored)
          // Within a moment, ordered by series.
          const byTime = stored.toSorted((a, b) => Number(a.time) - Number(b.time))
          expect(await textOf(name, ndjsonLines, atOnce)).toBe(byTime.map((record) => `${type.encode(record)}\n`).join(''))
          expect(await paged(type, name, limit, atOnce)).toEqual(byTime)
        },
      ),
      { numRuns: 25, ...SHRINKS },
    )
  })
})

describe('a query', () => {
  const at = (minute: number) => MONDAY + minute * MINUTE
  const prices = ['a', 'b'].flatMap((coinId) =>
    ['coingecko', 'kraken'].flatMap((source) => [0, 1, 2].map((minute) => aPrice({ coinId, source, time: at(minute) }))),
  )

  test('filters by coin, source, currency and time; from is included, to is not', async () => {
    await dsl.storePrices(prices)
    const only = (test: (one: Price) => boolean) => prices.filter(test)
    expect(await records(price)).toEqual(prices)
    expect(await records(price, { coin: 'b' })).toEqual(only(({ coinId }) => coinId === 'b'))
    expect(await records(price, { coin: ['a', 'b'], source: 'kraken' })).toEqual(only(({ source }) => source === 'kraken'))
    expect(await records(price, { from: at(1), to: at(2) })).toEqual(only(({ time }) => time === at(1)))
    expect(await records(price, { currency: 'eur' })).toEqual([])
    await dsl.storeOHLCV([aBar({ timeframe: '1m' }), aBar({ timeframe: '1h' })])
    expect(await textOf('ohlcv', csvLines, { timeframe: '1h' })).toMatch(/^bitcoin,.*,1h,[^\n]*\n$/)
  })

  test('a ticker names its coin; for an unknown coin the error suggests ids', async () => {
    await dsl.storePrices([aPrice({ coinId: 'bitcoin' })])
    await expect(records(price, { coin: 'bitcion' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      field: 'coin',
      message: 'no price of "bitcion" is stored; did you mean bitcoin?',
    })
  })

  test('simulated series are left out beside a provider of the same coin, unless asked for', async () => {
    const simulated = aPrice({ coinId: 'a', source: 'simulated', origin: 'simulated' })
    const alone = aPrice({ coinId: 'z', source: 'simulated', origin: 'simulated' })
    const real = aPrice({ coinId: 'a' })
    await dsl.storePrices([simulated, alone, real])
    expect(await records(price)).toEqual([real, alone])
    expect(await records(price, { includeSimulated: true })).toEqual([real, simulated, alone])
    expect(await records(price, { source: 'simulated' })).toEqual([simulated, alone])
  })

  test('trades of one moment come in the order of the market, also across pages', async () => {
    const of = (tradeId: string, sequence?: number) => ({
      ...aPrice({ coinId: 'BTC/USDT', source: 'venue', currency: 'USDT' }),
      tradeId,
      side: 'buy' as const,
      amount: decimal('1'),
      ...(sequence !== undefined && { sequence }),
    })
    const ordered = [of('z', 1), of('y', 2), of('99'), of('100'), of('a1b2')]
    for (const one of ordered) await dsl.storeTrades([{ ...one, receivedAt: MONDAY }])
    for (const limit of [1, 2, 3, 10])
      expect((await paged(trade, 'trades', limit)).map(({ tradeId }) => tradeId)).toEqual(['z', 'y', '99', '100', 'a1b2'])
  })

  test('ordered by time it handles silences and bursts', async () => {
    const day = 1440 * MINUTE
    const crowd = Array.from({ length: 90_000 }, (_, i) =>
      aPrice({ coinId: `c-${i % 3}`, time: MONDAY + day + Math.floor(i / 3) }),
    )
    const far = [-400, -1, 0, 3].map((days) => aPrice({ coinId: 'c-1', time: MONDAY + days * day }))
    for (let i = 0; i < crowd.length; i += 15_000) await dsl.storePrices(crowd.slice(i, i + 15_000))
    await dsl.storePrices(far)
    const all = [...crowd, ...far].sort((a, b) => a.time - b.time || (a.coinId < b.coinId ? -1 : 1))
    expect(await records(price, { order: 'time' })).toEqual(all)
    const history = await dsl.openHistory('prices', { order: 'time' })
    let read = 0
    for await (const { rows, next } of history.pieces(ndjsonLines)) {
      read += rows
      expect(await (await dsl.openHistory('prices', { order: 'time', after: next })).page(ndjsonLines, 10)).toMatchObject({
        bytes: Buffer.from(
          all
            .slice(read, read + 10)
            .map((one) => `${price.encode(one)}\n`)
            .join(''),
        ),
      })
    }
    expect(read).toBe(all.length)
    const text = all.map((one) => `${price.encode(one)}\n`).join('')
    for (const ahead of [2, 5]) {
      const pieces = await Array.fromAsync(history.pieces(ndjsonLines, undefined, ahead))
      expect(Buffer.concat(pieces.map(({ bytes }) => bytes)).toString() === text).toBe(true)
    }
    const { next } = await (await dsl.openHistory('prices', { order: 'time' })).page(ndjsonLines, 5)
    await expect(dsl.openHistory('prices', { after: next })).rejects.toMatchObject({ code: 'BAD_REQUEST', field: 'after' })
  })

  test('wrong arguments are refused by name', async () => {
    const refusal = (query: object) =>
      dsl.openHistory('prices', query as never).catch((error: QiError) => [error.code, error.field])
    expect(await refusal({ from: at(1), to: at(1) })).toEqual(['BAD_REQUEST', 'from'])
    expect(await refusal({ after: 'abc' })).toEqual(['BAD_REQUEST', 'after'])
    expect(await refusal({ limit: 10_001 })).toEqual(['BAD_REQUEST', 'limit'])
    expect(await refusal({ timeframe: '1h' })).toEqual(['BAD_REQUEST', 'timeframe'])
    expect(await dsl.openHistory('prizes').catch((error: QiError) => error.code)).toBe('NOT_FOUND')
  })

  test('an unreadable row is left out and remembered', async () => {
    await dsl.storePrices([aPrice({ time: at(0) }), aPrice({ time: at(1) }), aPrice({ time: at(2) })])
    await store.pool.query('alter table crypto_prices_rows drop constraint crypto_prices_readable')
    await store.pool.query("update crypto_prices_rows set price = 'NaN' where time = '2026-01-05T00:01:00Z'")
    expect((await records(price)).map(({ time }) => time)).toEqual([at(0), at(2)])
  })
})

describe('the version of a range', () => {
  const at = (minute: number) => MONDAY + minute * MINUTE
  const versionOf = async (query: object) => (await dsl.openHistory('prices', query)).version()
  const closed = { coin: 'bitcoin', from: at(0), to: at(10) }
  const store2 = async (...minutes: number[]) => {
    for (const minute of minutes) await dsl.storePrices([aPrice({ time: at(minute), price: String(minute + 1) })])
  }

  test('stays while the series grows at its end, and changes when a late record comes into the range', async () => {
    await store2(0, 1, 12, 13)
    const before = await versionOf(closed)
    expect(before.closed).toBe(true)
    await store2(14, 15)
    expect(await versionOf(closed)).toEqual(before)
    await store2(5)
    const filled = await versionOf(closed)
    expect(filled).not.toEqual(before)
    await dsl.storePrices([aPrice({ time: at(5), price: '7', receivedAt: at(20) })])
    const corrected = await versionOf(closed)
    expect(corrected).not.toEqual(filled)
    await store.pool.query("delete from crypto_prices where time = '2026-01-05T00:05:00Z'")
    expect(await versionOf(closed)).not.toEqual(corrected)
  })

  test('changes when a new series has records in the range, and not for one outside', async () => {
    await store2(0, 12, 13)
    const all = { from: at(0), to: at(10) }
    const before = await versionOf(all)
    await dsl.storePrices([aPrice({ coinId: 'later', time: at(30) }), aPrice({ coinId: 'later', time: at(31) })])
    expect(await versionOf(all)).toEqual(before)
    await dsl.storePrices([aPrice({ coinId: 'later', time: at(3) })])
    expect(await versionOf(all)).not.toEqual(before)
  })

  test('a range that has not ended is not closed', async () => {
    await store2(0)
    expect((await versionOf({ from: at(0) })).closed).toBe(false)
  })
})
