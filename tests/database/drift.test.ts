import { describe, expect, it, onTestFinished } from 'vitest'
import { allTables, publicName, type TableSpec } from '../../lib/src/base/database/tables/tables.ts'
import { expectedRelations } from '../../lib/src/base/database/trouble/expected.ts'
import { type RecordType, recordTypes } from '../../lib/src/base/types/index.ts'
import { drizzleTables, misnamed, shapeOfDatabase, shapeOfDrizzle, shapeOfSpec } from './drift.ts'
import { aPrice } from './records.ts'
import { testStore } from './testStore.ts'

const store = await testStore()

const typeOf = (spec: TableSpec) =>
  Object.values(recordTypes as Record<string, RecordType>).find(({ name }) => name === spec.series?.type)

describe.each(allTables.map((spec) => [publicName(spec), spec] as const))('the table %s', (name, spec) => {
  const drizzle = drizzleTables.get(name)
  if (!drizzle) throw new Error(`${name} has no Drizzle table`)

  it('is the same in the record schema and in the database', async () => {
    expect(await shapeOfDatabase(store.pool, spec.name)).toEqual(shapeOfSpec(spec))
  })

  it('has the columns of its view in Drizzle', async () => {
    const seen = spec.series ? { ...spec, fields: typeOf(spec)?.fields ?? [], key: [] } : spec
    expect(shapeOfDrizzle(drizzle)).toEqual(shapeOfSpec(seen))
    expect(misnamed(seen, drizzle)).toEqual([])
    const { columns } = await shapeOfDatabase(store.pool, name)
    const typed = (column: string) => column.replace(/ (not )?null$/, '')
    expect(columns.map(typed).slice(0, seen.fields.length)).toEqual(shapeOfSpec(seen).columns.map(typed))
  })

  it('has no unexpected index', async () => {
    const { rows } = await store.pool.query('select indexname from pg_indexes where tablename = $1', [spec.name])
    const expected =
      expectedRelations()
        .find((table) => table.name === spec.name)
        ?.indexes.map((index) => index.name) ?? []
    expect(rows.map((row) => row.indexname).sort()).toEqual([`${spec.name}_pkey`, ...expected].sort())
  })
})

it('leaves no table of the schema out', () => {
  expect([...drizzleTables.keys()].sort()).toEqual(allTables.map(publicName).sort())
})

describe('a difference is found', () => {
  const price = allTables.find((spec) => spec.name === 'crypto_prices_rows')
  if (!price) throw new Error('no crypto_prices')
  it.each([
    [
      'a type',
      'drop view crypto_prices, crypto_prices_text, crypto_prices_float; alter table crypto_prices_rows alter column price type numeric(20,8)',
    ],
    ['a column more', 'alter table crypto_prices_rows add column extra text'],
    [
      'a column less',
      'drop view crypto_prices, crypto_prices_text, crypto_prices_float; alter table crypto_prices_rows drop column market_cap',
    ],
    ['another name', 'alter table crypto_prices_rows rename column volume_24h to volume'],
    ['nullability', 'alter table crypto_prices_rows alter column price drop not null'],
    ['the primary key', 'alter table crypto_prices_rows drop constraint crypto_prices_rows_pkey, add primary key (time, series)'],
  ])('in %s', async (_what, change) => {
    const client = await store.pool.connect()
    onTestFinished(async () => {
      await client.query('rollback')
      client.release()
    })
    await client.query(`begin; ${change}`)
    expect(await shapeOfDatabase(client as never, 'crypto_prices_rows')).not.toEqual(shapeOfSpec(price))
  })

  it('in the record schema, against Drizzle', () => {
    const table = drizzleTables.get('crypto_prices')
    if (!table) throw new Error('no table')
    const seen = { ...price, fields: typeOf(price)?.fields ?? [] }
    const planted = {
      ...seen,
      fields: seen.fields.map((field) => (field.name === 'price' ? { ...field, optional: true } : field)),
    }
    expect(shapeOfDrizzle(table)).not.toEqual(shapeOfSpec(planted))
    const renamed = {
      ...seen,
      fields: seen.fields.map((field) => (field.name === 'price' ? { ...field, property: 'cost' } : field)),
    }
    expect(misnamed(renamed, table)).toEqual(['crypto_prices.price'])
    expect(aPrice().price).toBe('65000.5')
  })
})
