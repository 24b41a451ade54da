import fc from 'fast-check'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { createPool } from '../../lib/src/base/database/connections/pool.ts'
import { tableOf } from '../../lib/src/base/database/tables/tables.ts'
import { BulkWriter } from '../../lib/src/base/database/upsert/BulkWriter.ts'
import { WRITER_SETUP } from '../../lib/src/base/database/upsert/setup.ts'
import { statements } from '../../lib/src/base/database/upsert/statements.ts'
import { type Price, price } from '../../lib/src/base/types/index.ts'
import { SHRINKS } from '../support/shrinks.ts'
import { aPrice, MINUTE, MONDAY } from './records.ts'
import { count, testStore } from './testStore.ts'

const store = await testStore()
const pool = createPool(store.url, { max: 1, setup: WRITER_SETUP })
/** A new writer per test, since it predicts the kind of a batch from the last one. */
let writer: BulkWriter
afterAll(() => pool.end())
const { bySeries, createStage, stageTarget, merge } = statements(tableOf(price, {} as Price))

let sent: string[] = []
pool.on('connect', (client) => {
  const query = client.query.bind(client) as (...all: unknown[]) => never
  client.query = (...all: unknown[]) => {
    if (typeof all[0] === 'string') sent.push(all[0])
    return query(...all)
  }
})
/** The statements that merged the rows of a write, in order. */
async function way(records: readonly Price[]): Promise<string[]> {
  sent = []
  const { rowCount: before } = await store.pool.query('select from crypto_prices')
  const { written, overwritten = 0, failed } = await writer.upsert(price, records)
  const { rowCount: after } = await store.pool.query('select from crypto_prices')
  // On every way: `written` counts the added rows, `overwritten` the others.
  expect({ written, overwritten, failed }).toEqual({
    written: (after ?? 0) - (before ?? 0),
    overwritten: records.length - written,
    failed: [],
  })
  const names = new Map([
    [merge, 'merge'],
    [bySeries?.sample ?? '', 'sample'],
    [bySeries?.overwrite ?? '', 'overwrite'],
    [bySeries?.outdone ?? '', 'outdone'],
  ])
  return sent.flatMap((text) => names.get(text) ?? [])
}

beforeEach(async () => {
  writer = new BulkWriter(pool, true)
  await store.pool.query('truncate crypto_prices_rows')
})

const ROWS = 2000
/** Rows of four series, interleaved. */
const rows = (receivedAt: number, from = 0): Price[] =>
  Array.from({ length: ROWS }, (_, i) =>
    aPrice({ coinId: `coin-${i % 4}`, time: MONDAY + (from + i) * MINUTE, receivedAt, price: String(receivedAt) }),
  )
const held = async (): Promise<number[]> =>
  (
    await store.pool.query<{ price: string; n: number }>(
      'select price::text, count(*)::int as n from crypto_prices group by price order by price',
    )
  ).rows.flatMap(({ price: text, n }) => [Number(text), n])

describe('a merge of many rows', () => {
  it('looks up whole series if each sampled row overwrites another, and each row does', async () => {
    await writer.upsert(price, rows(1))
    expect(await way(rows(2))).toEqual(['sample', 'overwrite'])
    expect(await way(rows(3)), 'as the last batch').toEqual(['overwrite'])
    expect(await way(rows(4).reverse()), 'the search for a time fails').toEqual(['overwrite', 'merge'])
    expect(await held()).toEqual([4, ROWS])
    expect(await way(rows(5).reverse()), 'it would fail again').toEqual(['merge'])
    expect(await way(rows(6))).toEqual(['overwrite'])
    expect(await held()).toEqual([6, ROWS])
  })

  it('looks up whole series if no row overwrites another', async () => {
    await writer.upsert(price, rows(2))
    expect(await way(rows(2))).toEqual(['sample', 'outdone'])
    expect(await way(rows(1))).toEqual(['outdone'])
    expect(await held()).toEqual([2, ROWS])
    expect(await way(rows(3))).toEqual(['outdone', 'merge'])
    expect(await way(rows(4))).toEqual(['overwrite'])
    expect(await held()).toEqual([4, ROWS])
  })

  it('adds new rows, whatever kind was predicted', async () => {
    await writer.upsert(price, rows(1))
    await writer.upsert(price, rows(2))
    expect(await way(rows(3, ROWS / 2))).toEqual(['overwrite', 'merge'])
    expect(await held()).toEqual([2, ROWS / 2, 3, ROWS])
    expect(await way(rows(3, ROWS)), 'half of them are held').toEqual(['sample', 'merge'])
    expect(await held()).toEqual([2, ROWS / 2, 3, 1.5 * ROWS])
  })

  it('gives the same table for any batches in any order', async () => {
    const batch = fc.record({
      receivedAt: fc.integer({ min: 1, max: 4 }),
      from: fc.constantFrom(0, ROWS / 4, ROWS),
      order: fc.constantFrom('time', 'reversed', 'twice'),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 8 }), async (batches) => {
        await store.pool.query('truncate crypto_prices_rows')
        const best = new Map<number, number>()
        for (const { receivedAt, from, order } of batches) {
          const some = rows(receivedAt, from)
          if (order === 'reversed') some.reverse()
          await writer.upsert(price, order === 'twice' ? [...some, ...rows(receivedAt + 1, from)] : some)
          const wins = order === 'twice' ? receivedAt + 1 : receivedAt
          for (let i = from; i < from + ROWS; i++) best.set(i, Math.max(best.get(i) ?? 0, wins))
        }
        const expected = Map.groupBy(best.values(), (value) => value)
        expect(await held()).toEqual([...expected].sort(([a], [b]) => a - b).flatMap(([value, all]) => [value, all.length]))
      }),
      { ...SHRINKS, numRuns: 15 },
    )
  })

  it('two writers of the same rows both finish, and the newer row stays', async () => {
    const other = createPool(store.url, { max: 1, setup: WRITER_SETUP })
    const second = new BulkWriter(other, true)
    for (const one of [writer, second]) {
      await one.upsert(price, rows(1))
      await one.upsert(price, rows(2))
    }
    for (let at = 3; at < 7; at += 2)
      await Promise.all([writer.upsert(price, rows(at)), second.upsert(price, rows(at + 1).reverse())])
    await other.end()
    expect(await held()).toEqual([6, ROWS])
    expect(await count(store, 'crypto_prices')).toBe(ROWS)
  })
})

describe.skipIf(store.layout.layout !== 'plain')('the plan of a merge by series', () => {
  const plan = async (statement: string): Promise<string> => {
    const client = await pool.connect()
    try {
      await client.query(createStage)
      await client.query('begin')
      await client.query(`insert into ${stageTarget} select * from crypto_prices_rows`)
      const { rows: lines } = await client.query<{ 'QUERY PLAN': string }>(`explain ${statement}`)
      return lines.map((line) => line['QUERY PLAN']).join('\n')
    } finally {
      await client.query('rollback')
      client.release()
    }
  }

  const load = async () => {
    for (let part = 0; part < 10; part++) await writer.upsert(price, rows(1, part * ROWS))
  }
  const states: Record<string, () => Promise<unknown>> = {
    'never analysed': load,
    'analysed while empty': () => store.pool.query('analyze crypto_prices_rows').then(load),
    'vacuumed during its first transaction': async () => {
      const first = await store.pool.connect()
      await first.query('begin')
      await first.query(`insert into crypto_prices_rows (series, time, received_at, origin, price)
        select n % 4, to_timestamp(n), now(), 'live', 1 from generate_series(1, 20000) as n`)
      await store.pool.query('vacuum analyze crypto_prices_rows')
      await first.query('commit')
      first.release()
    },
    'analysed now': () => load().then(() => store.pool.query('analyze crypto_prices_rows')),
  }

  it.each(Object.keys(states))('looks up series in the index of a table %s', async (state) => {
    await store.pool.query('alter table crypto_prices_rows set (autovacuum_enabled = off)')
    await states[state]?.()
    for (const statement of [bySeries?.overwrite ?? '', bySeries?.outdone ?? '']) {
      const text = await plan(statement)
      expect(text).toMatch(/Bitmap Index Scan on crypto_prices_rows_pkey.*\n *Index Cond: .*series = .*"time" = ANY/)
      expect(text).toMatch(/Tid Scan on stage_crypto_prices_rows/)
      expect(text).not.toMatch(/(Seq|Index) Scan (using \w+ )?on crypto_prices_rows\b/)
    }
    const text = await plan(bySeries?.sample ?? '')
    expect(text).toMatch(/Bitmap Index Scan on crypto_prices_rows_pkey.*\n *Index Cond: .*series = .*"time" = /)
    expect(text).not.toMatch(/(Seq|Index) Scan (using \w+ )?on crypto_prices_rows\b/)
  })
})
