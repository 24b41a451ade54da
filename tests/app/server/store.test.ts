import { expect, it } from 'vitest'
import { price } from '../../../lib/src/base/types/index.ts'
import { aPrice } from '../../database/records.ts'
import { onTimescale, testDatabase } from '../../support/database.ts'
import { getJson, openEngines, platformOf, serving } from './served.ts'

const database = await testDatabase()

it('the store shows its sizes and the lag of its rollups', async () => {
  await using engines = await openEngines(database.url)
  await engines.store.timescale.upsert(price, [aPrice()])
  await engines.store.rollups.turnOn()
  const server = await serving(platformOf(engines))
  const { status, body } = await getJson(`${server.url}/api/v1/store`)
  expect(status).toBe(200)
  expect(body).toMatchObject({
    layout: onTimescale ? 'hypertables' : 'plain',
    rollups: { keeper: onTimescale ? 'aggregates' : 'tables', pending: 1 },
  })
  expect((body as { tables: { table: string }[] }).tables.find(({ table }) => table === 'crypto_prices')).toMatchObject({
    rows: 1,
    estimated: false,
  })
})
