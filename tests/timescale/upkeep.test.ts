import { expect, it } from 'vitest'
import { openStore, type Store } from '../../lib/src/base/database/index.ts'
import { silentLogger } from '../../lib/src/base/types/index.ts'
import { applyPolicies, storeSettings } from '../../lib/src/streaming/platform/upkeep/index.ts'
import { createDatabase } from '../support/database.ts'
import { describeWith } from '../support/services.ts'

describeWith('timescaledb', 'the upkeep on TimescaleDB', () => {
  it('applies the configured compression once', async () => {
    const database = await createDatabase('timescaledb')
    const store: Store = await openStore({ databaseUrl: database.url, home: '/nowhere' })
    try {
      const settings = storeSettings.parse({ compress_after: 7 })
      await applyPolicies(store, settings, silentLogger)
      const jobs = async () =>
        (await store.pool.query("select job_id from timescaledb_information.jobs where proc_name = 'policy_compression'")).rows
      const first = await jobs()
      expect(first).toHaveLength(7)
      await applyPolicies(store, settings, silentLogger)
      expect(await jobs()).toEqual(first)
      expect((await store.timescale.policies.compression()).trades).toBe(7)
      await applyPolicies(store, storeSettings.parse({}), silentLogger)
      expect(await jobs()).toEqual([])
    } finally {
      await store.close()
      await database.drop()
    }
  })
})
