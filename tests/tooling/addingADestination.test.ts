import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { testDatabase } from '../support/database.ts'
import { type CheckoutCopy, copyOfCheckout } from './checkoutCopy.ts'
import { blocksOf, readPage } from './page.ts'

const { url } = await testDatabase()

/** The page, done literally in a copy of the checkout. */
describe('docs/adding-a-destination.md', () => {
  let checkout: CheckoutCopy

  beforeAll(async () => {
    checkout = await copyOfCheckout({ DATABASE_URL: url, QICORE_SOURCES: 'none' })
    let said = ''
    for (const { language, file, text } of blocksOf(await readPage('adding-a-destination.md'))) {
      if (file !== undefined) {
        await mkdir(dirname(join(checkout.folder, file)), { recursive: true })
        await writeFile(join(checkout.folder, file), text)
      } else if (language === 'text') for (const line of text.trim().split('\n')) expect(said).toContain(line)
      else said = await checkout.inCheckout('bash', '-euc', text)
    }
  })

  test('gives a destination whose check the doctor shows', async () => {
    const said = await checkout.inCheckout('bash', '-c', 'npx qicore doctor; true')
    expect(said).toContain('always well')
  })

  test('whose code keeps the rules of the house', async () => {
    await checkout.inCheckout('npx', 'biome', 'check', 'lib/src/consumers/sinks/example')
    await checkout.checkTypes()
    expect(await checkout.inCheckout('node', 'scripts/lint-imports.mjs')).toMatch(/all allowed/)
  })
})
