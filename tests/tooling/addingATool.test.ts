import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { testDatabase } from '../support/database.ts'
import { type CheckoutCopy, copyOfCheckout } from './checkoutCopy.ts'
import { followInCheckout, readPage } from './page.ts'

const { url } = await testDatabase()

/** The page, done literally in a copy of the checkout. */
describe('docs/adding-a-tool.md', () => {
  let checkout: CheckoutCopy
  beforeAll(async () => {
    checkout = await copyOfCheckout({ DATABASE_URL: url, QICORE_SOURCES: 'none' }, true)
    await followInCheckout(await readPage('adding-a-tool.md'), checkout)
  })

  test('gives a tool that the reference lists', async () => {
    expect(await readFile(join(checkout.folder, 'docs/reference/tools.md'), 'utf8')).toContain('count_prices')
  })

  test('whose code keeps the rules of the house', async () => {
    await checkout.inCheckout('npx', 'biome', 'check', 'lib/src/mcp-tools/consumer', 'tests/mcp-tools/consumer')
    await checkout.checkTypes()
    expect(await checkout.inCheckout('node', 'scripts/lint-imports.mjs')).toMatch(/all allowed/)
  })
})
