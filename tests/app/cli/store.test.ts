import { expect, it } from 'vitest'
import { makeProject } from './project.ts'
import { document, qicore } from './qicore.ts'

it('qicore store shows tables, policies and rollups', async () => {
  await using project = await makeProject('store')
  const found = document<{ layout: string; tables: readonly { table: string }[] }>(
    await qicore(['store', '--json'], { cwd: project.cwd }),
  )
  expect(found.layout).toBe('plain')
  expect(found.tables.map(({ table }) => table)).toEqual(expect.arrayContaining(['crypto_prices', 'trades', 'rollups']))
  const shown = await qicore(['store'], { cwd: project.cwd })
  expect(shown.code).toBe(0)
  expect(shown.stdout).toMatch(/^Plain tables, .* in all$/m)
  expect(shown.stdout).toMatch(/^rollups: off/m)
})
