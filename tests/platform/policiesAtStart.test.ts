import { expect, test } from 'vitest'
import { CryptoDataPlatform, loadConfig } from '../../lib/src/streaming/platform/index.ts'
import { testDatabase } from '../support/database.ts'
import { temporary } from '../support/temporary.ts'

const { url } = await testDatabase()

test('a started platform has the configured policies; those that are set later stay', async () => {
  const cwd = await temporary('policies')
  const flags = { 'sources.run': 'none', 'store.retention.quote': 7 }
  const { config } = loadConfig({ cwd, env: { DATABASE_URL: url }, flags })
  await using platform = new CryptoDataPlatform({ config })
  await platform.start()
  const { policies } = platform.store.timescale
  expect(await policies.retention()).toEqual({ quotes: 7, books: 7 })
  await policies.setRetention('trending', 100)
  // It ends once all that it does by itself has ended.
  await platform.stop()
  await using again = new CryptoDataPlatform({ config, role: 'command' })
  await again.initialize()
  expect(await again.store.timescale.policies.retention()).toEqual({ quotes: 7, books: 7, trending: 100 })
})
