import { expect, onTestFinished, test } from 'vitest'
import { createPool, lockKeys, migrate } from '../../lib/src/base/database/index.ts'
import { createDatabase } from '../support/database.ts'

async function fresh() {
  const { url, drop } = await createDatabase('embedded')
  const pool = createPool(url)
  onTestFinished(async () => {
    await pool.end()
    await drop()
  })
  return pool
}

test('all processes of a store have the same lock keys, and each store has its own', async () => {
  const [one, other] = [await fresh(), await fresh()]
  await Promise.all(Array.from({ length: 5 }, () => migrate(one, { component: 'trial', files: [] })))
  await migrate(other, { component: 'trial', files: [] })
  const keys = await lockKeys(one)
  expect(await lockKeys(one)).toEqual(keys)
  expect((await lockKeys(other)).members).not.toBe(keys.members)
  const all = [keys.members, keys.partitions, keys.executors, ...Object.values(keys.single).flat()]
  for (const key of all) expect(key).toSatisfy((n: number) => Number.isInteger(n) && n >= 0 && n < 2 ** 31)
  expect(new Set(Object.values(keys.single).map(String)).size).toBe(5)
})
