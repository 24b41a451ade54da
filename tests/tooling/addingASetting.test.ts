import { beforeAll, describe, expect, test } from 'vitest'
import { testDatabase } from '../support/database.ts'
import { type CheckoutCopy, copyOfCheckout } from './checkoutCopy.ts'
import { followInCheckout, readPage } from './page.ts'

const { url } = await testDatabase()

/** The page, done literally in a copy of the checkout. */
describe('docs/adding-a-setting.md', () => {
  let checkout: CheckoutCopy
  beforeAll(async () => {
    checkout = await copyOfCheckout({ DATABASE_URL: url })
    await followInCheckout(await readPage('adding-a-setting.md'), checkout)
  })

  test('whose code keeps the rules of the house', async () => {
    await checkout.inCheckout('npx', 'biome', 'check', 'lib/src/publishers/sources/simulated')
    await checkout.checkTypes()
    expect(await checkout.inCheckout('node', 'scripts/generate.mjs', '--check')).toContain('up to date')
  })
})
