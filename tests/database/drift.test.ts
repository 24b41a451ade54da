import { describe, expect, it, onTestFinished } from 'vitest'
import { drizzleTables } from '../../lib/src/base/database/drizzle/tables.ts'
import { getTableConfig } from '../../lib/src/base/database/orm.ts'
import { allTables } from '../../lib/src/base/database/tables.ts'
import { misnamed, shapeOfDatabase, shapeOfDrizzle, shapeOfSpec } from './drift.ts'
import { aPrice } from './records.ts'
import { testStore } from './testStore.ts'

const store = await testStore()

describe.each(allTables.map((spec) => [spec.name, spec] as const))('the table %s', (name, spec) => {
  const drizzle = drizzleTables.get(name)
  if (!drizzle) throw new Error(`${name} has no Drizzle table`)

  it('is the same in the record schema, in Drizzle and in the database', async () => {
    expect(shapeOfDrizzle(drizzle)).toEqual(shapeOfSpec(spec))
    expect(await shapeOfDatabase(store.pool, name)).toEqual(shapeOfSpec(spec))
    expect(misnamed(spec, drizzle)).toEqual([])
  })

  it('has the indexes that Drizzle names', async () => {
    const { rows } = await store.pool.query('select indexname from pg_indexes where tablename = $1', [name])
    const declared = getTableConfig(drizzle).indexes.map((index) => index.config.name)
    expect(rows.map((row) => row.indexname).sort()).toEqual([`${name}_pkey`, ...declared].sort())
  })
})

it('leaves no table of the schema out', () => {
  expect([...drizzleTables.keys()].sort()).toEqual(allTables.map((spec) => spec.name).sort())
})

describe('a difference is found', () => {
  const price = allTables.find((spec) => spec.name === 'crypto_prices')
  if (!price) throw new Error('no crypto_prices')
  it.each([
    ['a type', 'alter table crypto_prices alter column price type numeric(20,8)'],
    ['a column more', 'alter table crypto_prices add column extra text'],
    ['a column less', 'alter table crypto_prices drop column market_cap'],
    ['another name', 'alter table crypto_prices rename column volume_24h to volume'],
    ['nullability', 'alter table crypto_prices alter column price drop not null'],
    [
      'the primary key',
      'alter table crypto_prices drop constraint crypto_prices_pkey, add primary key (source, coin_id, currency, time)',
    ],
  ])('in %s', async (_what, change) => {
    const client = await store.pool.connect()
    onTestFinished(async () => {
      await client.query('rollback')
      client.release()
    })
    await client.query(`begin; ${change}`)
    expect(await shapeOfDatabase(client as never, 'crypto_prices')).not.toEqual(shapeOfSpec(price))
  })

  it('in the record schema, against Drizzle', () => {
    const table = drizzleTables.get('crypto_prices')
    if (!table) throw new Error('no table')
    const planted = {
      ...price,
      fields: price.fields.map((field) => (field.name === 'price' ? { ...field, optional: true } : field)),
    }
    expect(shapeOfDrizzle(table)).not.toEqual(shapeOfSpec(planted))
    const renamed = {
      ...price,
      fields: price.fields.map((field) => (field.name === 'price' ? { ...field, property: 'cost' } : field)),
    }
    expect(misnamed(renamed, table)).toEqual(['crypto_prices.price'])
    expect(aPrice().price).toBe('65000.5')
  })
})
