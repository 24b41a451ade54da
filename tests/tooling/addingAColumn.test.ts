import { beforeAll, describe, expect, test } from 'vitest'
import { openStore } from '../../lib/src/base/database/index.ts'
import { testDatabase } from '../support/database.ts'
import { type CheckoutCopy, copyOfCheckout } from './checkoutCopy.ts'
import { followInCheckout, readPage } from './page.ts'

const { url } = await testDatabase()

/** The page, done literally in a copy of the checkout. */
describe('docs/adding-a-column.md', () => {
  let checkout: CheckoutCopy
  beforeAll(async () => {
    const before = await openStore({ databaseUrl: url, home: '/nowhere' })
    await before.close()
    checkout = await copyOfCheckout({ DATABASE_URL: url, QICORE_SOURCES: 'none' }, true)
    await followInCheckout(await readPage('adding-a-column.md'), checkout)
  })

  test('gives a column that the doctor finds right', async () => {
    expect(await checkout.inCheckout('bash', '-c', 'npx qicore doctor; true')).not.toMatch(/lacks the column/)
  })

  test('whose code keeps the rules of the house', async () => {
    await checkout.inCheckout('npx', 'biome', 'check', 'lib/src/base')
    await checkout.checkTypes()
  })
})
