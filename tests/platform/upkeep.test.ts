import { afterEach, describe, expect, it } from 'vitest'
import { nowMicros, price, type QiError, silentLogger } from '../../lib/src/base/types/index.ts'
import { applyPolicies, janitor, keepRollups, storeSettings } from '../../lib/src/streaming/platform/upkeep/index.ts'
import { aPrice } from '../database/records.ts'
import { testStore } from '../database/testStore.ts'
import { onTimescale } from '../support/database.ts'
import { until } from '../support/until.ts'

const DAY = 86_400_000_000
/** Days of the policies that apply where nothing is configured. */
const DEFAULTS = { quotes: 30, books: 7 }

describe('the upkeep of the store', async () => {
  const store = await testStore()
  // Nothing is dropped that waits to be rolled up: what one test turned on would be in the way of the next.
  afterEach(() => store.rollups.turnOff())

  /** Runs a part until the check holds, then stops it and waits for its end. */
  async function during(part: (signal: AbortSignal) => Promise<void>, check: () => Promise<unknown>): Promise<void> {
    const stop = new AbortController()
    const running = part(stop.signal)
    await Promise.race([until(async () => (await check()) as boolean, 'the part to have done it'), running])
    stop.abort()
    // It may be in the middle of something.
    await running.catch((error: QiError) => expect(error.code).toBe('CANCELLED'))
  }

  it('rolls up new records while it runs, and turns rollups off if they are disabled', async () => {
    const { rollups } = storeSettings.parse({ rollups: { every_ms: 50 } })
    await during(
      (signal) => keepRollups(store, rollups, signal),
      async () => {
        await store.timescale.upsert(price, [aPrice({ coinId: 'rolled' })])
        const { rowCount } = await store.pool.query("select from rollup_1d where coin_id = 'rolled'")
        return rowCount === 1
      },
    )
    expect((await store.rollups.status()).keeper).toBe(onTimescale ? 'aggregates' : 'tables')
    await keepRollups(store, { ...rollups, enabled: false }, new AbortController().signal)
    expect(await store.rollups.status()).toEqual({ pending: 0, lagMs: 0 })
  })

  it('drops records past their retention, while writers write', async () => {
    const now = nowMicros()
    const old = Array.from({ length: 30_000 }, (_, i) => aPrice({ coinId: 'old', time: now - 40 * DAY + i }))
    await store.timescale.upsert(price, old)
    const settings = storeSettings.parse({ retention: { price: 30 } })
    let written = 0
    await during(janitor(store, settings, silentLogger).run, async () => {
      await store.timescale.upsert(price, [aPrice({ coinId: 'new', time: now + written++ })])
      return (await store.pool.query("select from crypto_prices where coin_id = 'old'")).rowCount === 0
    })
    expect((await store.pool.query("select from crypto_prices where coin_id = 'new'")).rowCount).toBe(written)
    await applyPolicies(store, storeSettings.parse({}), silentLogger)
    expect(await store.timescale.policies.retention()).toEqual(DEFAULTS)
  })

  it('keeps policies that were set later, also after a restart', async () => {
    const { run, tried } = janitor(store, storeSettings.parse({ retention: { price: 60 } }), silentLogger)
    const { policies } = store.timescale
    await during(run, () => tried.then(() => true))
    await policies.setRetention('crypto_prices', 30)
    const stored = async () => (await store.pool.query("select from crypto_prices where coin_id = 'older'")).rowCount
    await store.timescale.upsert(price, [aPrice({ coinId: 'older', time: nowMicros() - 45 * DAY })])
    expect(await stored()).toBe(1)
    await during(run, async () => (await stored()) === 0)
    expect(await policies.retention()).toEqual({ ...DEFAULTS, crypto_prices: 30 })
    await applyPolicies(store, storeSettings.parse({}), silentLogger)
  })

  it.skipIf(onTimescale)('warns that plain PostgreSQL has no compression', async () => {
    const warnings: string[] = []
    const logger = { ...silentLogger, warn: (_: unknown, message: string) => void warnings.push(message) }
    await applyPolicies(store, storeSettings.parse({ compress_after: 7 }), logger)
    expect(warnings).toEqual([expect.stringContaining('needs TimescaleDB')])
  })

  it('stops at once', async () => {
    const { rollups } = storeSettings.parse({ rollups: { every_ms: 3_600_000 } })
    await during(
      (signal) => keepRollups(store, rollups, signal),
      async () => (await store.rollups.status()).keeper !== undefined,
    )
  })
})
