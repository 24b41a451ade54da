import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { testDatabase } from '../support/database.ts'
import { type CheckoutCopy, copyOfCheckout } from './checkoutCopy.ts'
import { blocksOf, readPage } from './page.ts'

const { url } = await testDatabase()

/** The page, done literally in a copy of the checkout. */
describe('docs/adding-an-agent.md', () => {
  let checkout: CheckoutCopy
  let said = ''

  beforeAll(async () => {
    checkout = await copyOfCheckout({ DATABASE_URL: url })
    for (const { language, file, text } of blocksOf(await readPage('adding-an-agent.md'))) {
      if (language === 'ts') await writeFile(join(checkout.folder, file as string), text)
      else said += await checkout.inCheckout('bash', '-euc', text)
    }
  })

  test('gives an agent that is listed and works', () => {
    expect(said).toMatch(/^largest-move +no +Says which coin moved most within a day$/m)
    expect(said).toMatch(/nothing is known of any move/)
  })

  test('whose code keeps the rules of the house', async () => {
    const folder = 'lib/src/consumers/agents/largest-move'
    await checkout.inCheckout('npx', 'biome', 'check', folder)
    await checkout.checkTypes()
    expect(await checkout.inCheckout('node', 'scripts/lint-imports.mjs')).toMatch(/all allowed/)
  })

  test('touches nothing but its folder and what is generated', async () => {
    const reference = await readFile(join(checkout.folder, 'docs/reference/agents.md'), 'utf8')
    expect(reference).toContain('## largest-move')
    expect(reference).toContain('when it looks, in UTC')
  })
})
