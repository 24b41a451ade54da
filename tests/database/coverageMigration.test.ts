import { expect, onTestFinished, test } from 'vitest'
import { migrate } from '../../lib/src/base/database/bookkeeping/migrate.ts'
import { coverageMigrations } from '../../lib/src/base/database/coverage/migrations.ts'
import { Coverage, createPool, migrateStore } from '../../lib/src/base/database/index.ts'
import { HISTORY_TYPES, type RecordType, recordTypes } from '../../lib/src/base/types/index.ts'
import { testDatabase } from '../support/database.ts'

const { url } = await testDatabase()

test('a store of an older version keeps the coverage of its series, and takes series of every type', async () => {
  const pool = createPool(url)
  onTestFinished(() => pool.end())
  await migrateStore(pool, { layout: 'plain', reason: 'a test says so' })
  await migrate(pool, { component: 'coverage', files: coverageMigrations.slice(0, 1) })
  await pool.query(`
    insert into coverage_series (source, coin_id, currency, type) values ('venue', 'bitcoin', 'usd', 'price');
    insert into coverage_spans (series_id, state, span, reason)
      select id, 'empty', '[2026-01-01,2026-01-02)', 'nothing there' from coverage_series;
    insert into coverage_sessions (source, started_at, seen_at, ended, price_every, ohlcv_every) values
      ('', '2026-01-01', '2026-01-05', true, null, null),
      ('venue', '2026-01-01', '2026-01-02', true, '9 seconds', null),
      ('venue', '2026-01-03', '2026-01-04', true, '1.5 seconds', '1 minute')`)
  const coverage = await Coverage.open(pool)
  const { rows } = await pool.query('select * from coverage_sources')
  expect(rows).toEqual([{ source: 'venue', cadence: { price: 1_500_000, ohlcv: 60_000_000 }, contiguous: [], calendar: '24x7' }])
  for (const type of HISTORY_TYPES) await coverage.idOf({ source: 'venue', coinId: 'x', currency: 'y', type })
  const bitcoin = await coverage.idOf({ source: 'venue', coinId: 'bitcoin', currency: 'usd', type: 'price' })
  expect(await coverage.settled(bitcoin)).toHaveLength(1)
})

test('every record type with a table has coverage, except computed ones, events and what is published seldom', () => {
  const uncovered = Object.values(recordTypes as Record<string, RecordType>).filter(({ table, series }) => table && !series)
  expect(uncovered.map(({ name }) => name)).toEqual(['indicator', 'alert', 'corporate_action', 'observation'])
})
