import { expect, test } from 'vitest'
import { withClient } from '../../lib/src/base/database/index.ts'
import { textRows } from '../../lib/src/base/database/reading/textQuery.ts'
import { testStore } from './testStore.ts'

const store = await testStore()

const PARAMETERS = 'select unnest($1::text[]) as part, $2::text as text, $3::boolean as flag, $4::int as number'
const parts = ['plain', 'a "quoted\\" one', 'a,{b}', 'NULL', '', 'é', null]

test('parameters arrive unchanged, and results come back as text', async () => {
  const rows = await withClient(store.pool, (client) => textRows(client, { text: PARAMETERS, values: [parts, "it's", true, 7] }))
  expect(rows).toEqual(parts.map((part) => ({ part, text: "it's", flag: 't', number: '7' })))
})

test('a prepared statement keeps its column names, per connection', async () => {
  const ask = (text: string) =>
    withClient(store.pool, async (client) => {
      await client.query('select 1')
      const statement = { name: 'of_many', text, values: [2] }
      return [
        await textRows(client, statement),
        await textRows(client, { ...statement, values: [0] }),
        await textRows(client, statement),
      ]
    })
  const one = 'select n as one from generate_series(1, $1::int) as n'
  const expected = [[{ one: '1' }, { one: '2' }], [], [{ one: '1' }, { one: '2' }]]
  expect(await Promise.all([ask(one), ask(one)])).toEqual([expected, expected])
})

test('a failed statement leaves its connection usable, prepared or not', async () => {
  await withClient(store.pool, async (client) => {
    const divide = { name: 'divide', text: 'select 6 / $1::int as part' }
    await expect(textRows(client, { name: 'wrong', text: 'select from nowhere' })).rejects.toMatchObject({ code: '42P01' })
    expect(await textRows(client, { ...divide, values: [2] })).toEqual([{ part: '3' }])
    await expect(textRows(client, { ...divide, values: [0] })).rejects.toMatchObject({ code: '22012' })
    expect(await textRows(client, { ...divide, values: [3] })).toEqual([{ part: '2' }])
    expect(await client.query('select 1 as one').then(({ rows }) => rows)).toEqual([{ one: 1 }])
  })
})

test('changed columns of a prepared statement are refused, not confused', async () => {
  await withClient(store.pool, async (client) => {
    await client.query('create temp table changing (a int, b int)')
    const all = { name: 'all_of_it', text: 'select * from changing' }
    await client.query('insert into changing values (1, 2)')
    expect(await textRows(client, all)).toEqual([{ a: '1', b: '2' }])
    await client.query('alter table changing rename column a to c')
    await expect(textRows(client, all)).rejects.toThrow(/must not change result type/)
  })
})
