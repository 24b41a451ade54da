import { setTimeout } from 'node:timers/promises'
import { withClient } from '../../../lib/src/base/index.ts'
import type { Scenario } from '../scenario.ts'
import { underLoad } from '../underLoad.ts'

/** Somebody holds a table in a lock that lets nobody read or write it. */
export const scenario: Scenario = {
  name: 'locked-table',
  summary: 'crypto_prices is locked by somebody; prices are stored once the lock is gone',
  run: (context) =>
    underLoad(context, { name: 'locked-table' }, async ({ engines, stored, wait }) => {
      const before = await withClient(engines.store.pool, async (client) => {
        await client.query('begin')
        await client.query('lock table crypto_prices in access exclusive mode')
        context.say(`locked at ${await stored()} stored`)
        await setTimeout(context.seconds * 1000)
        await client.query('rollback')
        return stored()
      })
      const freed = performance.now()
      await wait(async () => (await stored()) > before, 'prices to be stored again')
      return { storedAgainMs: Math.round(performance.now() - freed) }
    }),
}
