import { beforeAll, describe, expect, test } from 'vitest'
import { iso, LAST_HOUR, priceWire, tooled } from './tooled.ts'

interface Rows {
  readonly columns: string[]
  readonly rows: unknown[][]
  readonly more: boolean
  readonly next_offset?: number
}

const tools = tooled()
const sql = (text: string, more: Record<string, unknown> = {}) => tools().call<Rows>('timeseries_query', { sql: text, ...more })
const refused = (text: string) => tools().refused('timeseries_query', { sql: text })

const EXACT = '0.12345678901234567890123456789'
beforeAll(async () => {
  const records = Array.from({ length: 60 }, (_, i) => priceWire('bitcoin', LAST_HOUR + i * 1000, i === 0 ? EXACT : String(i)))
  await tools().seed('price', { records })
})

describe('named queries', () => {
  test('have typed arguments, and pages', async () => {
    const ask = { query: 'prices', arguments: { coin: 'bitcoin', from: iso(LAST_HOUR), currency: 'usd' } }
    const first = await tools().call<Rows>('timeseries_query', { ...ask, limit: 40 })
    const price = first.columns.indexOf('price')
    expect(first.rows.map((row) => row[price])).toEqual(Array.from({ length: 40 }, (_, i) => String(59 - i)))
    const second = await tools().call<Rows>('timeseries_query', { ...ask, limit: 40, offset: first.next_offset })
    expect(second.rows.map((row) => row[price])).toEqual([...Array.from({ length: 19 }, (_, i) => String(19 - i)), EXACT])
    expect(second).toMatchObject({ more: false })
  })

  test.each([
    [{ query: 'prices', arguments: { coin: 'bitcoin', colour: 'red' } }, 'colour'],
    [{ query: 'prices', arguments: {} }, 'coin'],
    [{ query: 'prices', arguments: { coin: 'bitcoin', from: 'tomorrow' } }, 'from'],
    [{ query: 'no such' }, 'query'],
    [{}, 'either query'],
    [{ query: 'prices', sql: 'select 1' }, 'either query'],
  ])('refuse %j', async (input, named) => {
    expect(await tools().refused('timeseries_query', input)).toMatch(new RegExp(`BAD_REQUEST.*${named}`))
  })

  test.each([
    'candles',
    'trades',
    'quotes',
    'books',
    'market_figures',
    'trending',
    'indicators',
    'alerts',
    'corporate_actions',
    'observations',
    'daily_prices',
    'daily_trades',
  ])('%s answers where nothing is held', async (query) => {
    const takesCoin = !['market_figures', 'trending'].includes(query)
    const given = { ...(takesCoin && { coin: 'nothing' }), to: '2001-01-01' }
    expect(await tools().call('timeseries_query', { query, arguments: given })).toMatchObject({ rows: [], more: false })
  })
})

describe('SQL', () => {
  test('gives exact figures as text, counts as numbers, times as on the wire', async () => {
    expect(
      await sql('select time, price, 3::int as n, true as yes, null as none from crypto_prices order by time limit 1;'),
    ).toMatchObject({
      columns: ['time', 'price', 'n', 'yes', 'none'],
      rows: [[iso(LAST_HOUR).replace('.000', ''), EXACT, 3, true, null]],
      more: false,
    })
  })

  test('is cut to what was asked for, in its order, and goes on from there', async () => {
    const query = 'select price from crypto_prices order by time desc -- newest'
    const page = await sql(query, { limit: 2, offset: 3 })
    expect(page).toMatchObject({ rows: [['56'], ['55']], more: true, next_offset: 5 })
    expect((await sql(query)).rows).toHaveLength(20)
  })

  test('a long value is cut on the server, a long answer ends early', async () => {
    const { rows } = await sql("select repeat('x', 10000000) as long")
    expect(String(rows[0]?.[0]).length).toBeLessThan(2000)
    const many = await sql("select repeat('x', 500) from generate_series(1, 1000)")
    expect(many.more).toBe(true)
    expect(JSON.stringify(many).length).toBeLessThan(4000)
  })

  test.each([
    ['delete from crypto_prices', 'FORBIDDEN'],
    ['select 1; delete from crypto_prices', 'BAD_REQUEST'],
    ["select pg_read_file('/etc/passwd')", 'FORBIDDEN'],
    ["select set_config('role', 'postgres', false)", 'FORBIDDEN'],
    ['select pg_sleep(60)', 'FORBIDDEN'],
    ['select (60.0).pg_sleep', 'FORBIDDEN'],
    ['select x.pg_sleep from sin(60.0) x', 'FORBIDDEN'],
    ['select value from qicore_settings', 'FORBIDDEN'],
    ['select * from pg_authid', 'FORBIDDEN'],
    ['select * from crypto_prices for update', 'FORBIDDEN'],
    ['select nothing from nowhere', 'BAD_REQUEST'],
    ['select', 'BAD_REQUEST'],
    ['', 'BAD_REQUEST'],
  ])('refuses %s', async (text, code) => {
    expect(await refused(text)).toMatch(new RegExp(`^(${code}): `))
    expect((await sql('select count(*) from crypto_prices')).rows).toEqual([[60]])
  })

  test('what the server refuses is shown with its place, too', async () => {
    expect(await refused('select time,\n  nothing from crypto_prices')).toMatch(
      /line 2, column 3: .*"nothing".*\n {2}nothing from crypto_prices\n {2}\^/,
    )
  })

  test('a table of the user that was made since can be read at once', async () => {
    await sql('select 1')
    await tools().call('manage_hypertables', {
      action: 'create',
      table: 'funding_rates',
      columns: [{ name: 'rate', type: 'numeric' }],
      key: [],
    })
    expect((await sql('select count(*) from funding_rates')).rows).toEqual([[0]])
  })

  test('the role can log in, and is no more than a reader', async () => {
    const { rows } = await sql('select current_user, session_user')
    expect(rows[0]?.[0]).toMatch(/^qicore_reader_\d+$/)
    expect(rows[0]?.[1]).toBe(rows[0]?.[0])
    const { rows: role } = await tools().platform.store.pool.query(
      'select rolsuper, rolcreaterole, rolcreatedb, rolbypassrls, rolreplication from pg_roles where rolname = $1',
      [rows[0]?.[0]],
    )
    expect(Object.values(role[0] as object)).toEqual([false, false, false, false, false])
  })

  test('two at once make one role', async () => {
    const answers = await Promise.all(Array.from({ length: 4 }, () => sql('select count(*) from ohlcv_data')))
    expect(answers.every(({ rows }) => rows[0]?.[0] === 0)).toBe(true)
  })
})
