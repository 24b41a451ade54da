import { expect, test } from 'vitest'
import { onTimescale } from '../../support/database.ts'
import { agreed } from '../agreeing.ts'
import { HOUR_MS, iso, priceWire, tooled } from './tooled.ts'

const DAY_MS = 24 * HOUR_MS
const tools = tooled()
const manage = (input: Record<string, unknown>) => tools().call('manage_hypertables', input)
const refused = (input: Record<string, unknown>) => tools().refused('manage_hypertables', input)
const query = async (sql: string) => (await tools().platform.store.pool.query(sql)).rows

test('lists the tables that grow with time, and says what is missing', async () => {
  const answer = await manage({ action: 'list' })
  expect(answer.tables).toContainEqual(expect.objectContaining({ table: 'crypto_prices' }))
  expect(answer.layout).toBe(onTimescale ? 'hypertables' : 'plain')
  if (!onTimescale) expect(answer.missing).toMatch(/compression.*TimescaleDB/)
  expect(await manage({ action: 'statistics', table: 'trades' })).toMatchObject({ tables: [{ table: 'trades', rows: 0 }] })
})

test('retention asks first, then drops what is older and nothing else', async () => {
  await tools().seed('price', {
    records: [priceWire('old', Date.now() - 40 * DAY_MS, '1'), priceWire('new', Date.now(), '1')],
  })
  const coins = async () => (await query('select coin_id from crypto_prices order by 1')).map(({ coin_id }) => coin_id)
  const asked = { action: 'retention', table: 'crypto_prices', days: 20 }
  expect(await refused(asked)).toMatch(/CONFLICT.*Keep only 20 days of crypto_prices.*confirm: "yes-/)
  expect(await coins()).toEqual(['new', 'old'])
  expect(await agreed(tools(), 'manage_hypertables', asked)).toMatchObject({
    dropped: { count: 1 },
    tables: [{ table: 'crypto_prices', retention_days: 20 }],
  })
  expect(await coins()).toEqual(['new'])
  // To keep everything again destroys nothing: nobody is asked.
  expect((await manage({ ...asked, days: null })).tables).toMatchObject([{ table: 'crypto_prices' }])
  expect(await tools().platform.store.timescale.policies.retention()).toEqual({})
})

test('compression is a policy, or is said to be missing', async () => {
  const asked = { action: 'compress', table: 'trades', days: 3 }
  if (onTimescale) expect(await manage(asked)).toMatchObject({ tables: [{ compress_after_days: 3 }] })
  else expect(await refused(asked)).toMatch(/UNSUPPORTED.*compression.*TimescaleDB/)
})

test('creates a table of its own, which SQL may read then', async () => {
  const asked = {
    action: 'create',
    table: 'funding_rates',
    columns: [
      { name: 'coin', type: 'text' },
      { name: 'rate', type: 'numeric' },
    ],
    key: ['coin'],
  }
  expect(await manage(asked)).toMatchObject({ own_tables: ['funding_rates'] })
  await query(`insert into funding_rates values ('${iso(0)}', 'bitcoin', 0.0001)`)
  expect(await tools().call('timeseries_query', { sql: 'select rate from funding_rates' })).toMatchObject({ rows: [['0.0001']] })
  expect(await refused(asked)).toMatch(/CONFLICT.*funding_rates/)
  expect(await refused({ ...asked, table: 'crypto_prices' })).toMatch(/CONFLICT/)
})

test.each([
  [{ action: 'create', table: 'x"; drop table trades; --', columns: [{ name: 'a', type: 'text' }], key: [] }, 'table'],
  [{ action: 'create', table: 'xx', columns: [{ name: 'a" text)', type: 'text' }], key: [] }, 'name of a table or column'],
  [{ action: 'create', table: 'xx', columns: [{ name: 'time', type: 'text' }], key: [] }, 'twice'],
  [{ action: 'create', table: 'xx', columns: [{ name: 'a', type: 'text' }], key: ['b'] }, 'key'],
  [{ action: 'create', table: 'xx' }, 'columns'],
  [{ action: 'retention', table: 'qicore_settings', days: null }, 'qicore_settings'],
  [{ action: 'retention', table: 'trades' }, 'days'],
  [{ action: 'compress', table: 'trades', days: -1 }, 'days'],
  [{ action: 'statistics', table: 'pg_class' }, 'pg_class'],
])('refuses %j', async (input, named) => {
  expect(await refused(input)).toMatch(new RegExp(`BAD_REQUEST.*${named}`))
  expect(await query("select from pg_class where relname = 'xx'")).toEqual([])
})
