import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CryptoDataPlatform, loadConfig } from '../../lib/src/streaming/platform/index.ts'
import { testDatabase } from '../support/database.ts'
import { temporary } from '../support/temporary.ts'
import { until } from '../support/until.ts'
import { flood, storedOfFlood, whileFloodWaits, wholeFlood } from './flood.ts'

const database = await testDatabase()
const GROUP = 'qicore-crypto-data'

test('partitions rebalance as members come and go, and each record is stored once', async () => {
  const cwd = await temporary('scale')
  await writeFile(join(cwd, 'qicore.yaml'), 'partitions: 3')
  const { config } = loadConfig({ cwd, env: { DATABASE_URL: database.url, QICORE_SOURCES: 'none' } })
  await using platform = new CryptoDataPlatform({ config })
  await platform.start()
  const { stream, store } = platform
  const shares = async () => {
    const [group] = await stream.describeGroups([GROUP])
    return (group?.members ?? []).map(({ assignments }) => assignments.filter(({ topic }) => topic === 'crypto-prices').length)
  }
  await until(async () => String(await shares()) === '3', 'one member with all partitions')

  await whileFloodWaits(store, 6000, async () => {
    await flood(stream, 6000)
    await platform.scaleConsumer('crypto-data', 3)
  })
  await until(async () => String(await shares()) === '1,1,1', 'three members with a partition each')
  await until(async () => (await storedOfFlood(store)).rows >= 6000, 'all to be stored')
  expect(await storedOfFlood(store)).toEqual(wholeFlood(6000))
  // A member may still be opening while the others have stored all.
  await until(() => platform.getStatus().consumers[0]?.state === 'running', 'all members to run')
  expect(platform.getStatus().consumers).toMatchObject([{ name: 'crypto-data', members: 3, state: 'running' }])
  // The rows are stored a moment before their writer counts them.
  await until(() => (platform.getStatus().consumers[0]?.written ?? 0) >= 6000, 'the members to have counted them')

  await platform.scaleConsumer('crypto-data', 1)
  expect(platform.getStatus().consumers).toMatchObject([{ members: 1 }])
  expect(platform.getStatus().parts.map(({ name }) => name)).not.toContain('consumer crypto-data #2')
  await until(async () => String(await shares()) === '3', 'one member with all partitions again')

  await expect(platform.scaleConsumer('crypto-data', 4)).rejects.toThrow(/members is 4: .* can have 1 to 3; .* 3 partitions/)
  await expect(platform.scaleConsumer('crypto-data', 0)).rejects.toMatchObject({ code: 'BAD_REQUEST', field: 'members' })
  await expect(platform.scaleConsumer('crypto-dota', 1)).rejects.toThrow(/did you mean crypto-data/)
})
