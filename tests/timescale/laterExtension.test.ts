import { expect, it, onTestFinished } from 'vitest'
import { createPool, migrateStore, openStore } from '../../lib/src/base/database/index.ts'
import { price } from '../../lib/src/base/types/index.ts'
import { makeProject } from '../app/cli/project.ts'
import { document, qicore } from '../app/cli/qicore.ts'
import { aPrice } from '../database/records.ts'
import { createDatabase } from '../support/database.ts'
import { describeWith } from '../support/services.ts'

interface Diagnosis {
  readonly checks: readonly { readonly name: string; readonly verdict: string; readonly remedy?: string }[]
}

describeWith('timescaledb', 'a database that was set up before the extension was there', () => {
  it('works on unchanged, and doctor names the command that converts it', async () => {
    const database = await createDatabase('timescaledb')
    onTestFinished(database.drop)
    const pool = createPool(database.url, { max: 1 })
    await migrateStore(pool, { layout: 'plain', reason: 'there was no extension' })
    await pool.query('create extension timescaledb')
    await pool.end()

    await using store = await openStore({ databaseUrl: database.url, home: '/nowhere' })
    expect(store.capabilities.hypertables).toBe(true)
    expect(await store.check()).toMatchObject({ ok: true, summary: expect.stringContaining('plain tables') })
    await store.timescale.upsert(price, [aPrice()])
    const corrected = aPrice({ receivedAt: aPrice().receivedAt + 1, price: '2' })
    expect(await store.timescale.upsert(price, [corrected])).toEqual({ written: 0, overwritten: 1, failed: [] })
    await store.rollups.turnOn()
    await store.rollups.catchUp()
    expect(await store.rollups.status()).toMatchObject({ keeper: 'tables', pending: 0 })
    expect((await store.dsl.getOHLCV({ coin: 'bitcoin', timeframe: '1d' })).candles[0]?.close).toBe('2')
    expect(await store.timescale.policies.canCompress()).toBe(false)

    await using project = await makeProject('later')
    const env = { DATABASE_URL: database.url, QICORE_SOURCES: 'none' }
    const { checks } = document<Diagnosis>(await qicore(['doctor', '--json'], { cwd: project.cwd, env }), 1)
    expect(checks.find(({ name }) => name === 'layout')).toMatchObject({
      verdict: 'failed',
      remedy: expect.stringContaining('qicore store convert'),
    })
    expect(checks.find(({ name }) => name === 'store')).toMatchObject({ verdict: 'ok' })
  })
})
