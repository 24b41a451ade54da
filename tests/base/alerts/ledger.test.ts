import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type AlertChanges, openAlerts, settleAlerts } from '../../../lib/src/base/alerts/index.ts'
import { withClient } from '../../../lib/src/base/database/index.ts'
import { testStore } from '../../database/testStore.ts'
import { SHRINKS } from '../../support/shrinks.ts'

const store = await testStore()
await openAlerts(store.pool)

const AT = 1_767_225_600_000_000
const judgedOf = (coin: number, holds: boolean) => ({
  name: 'above 1',
  coinId: `coin-${coin}`,
  source: 'grove',
  currency: 'usd',
  severity: 'warning' as const,
  origin: 'live' as const,
  value: undefined,
  message: `coin-${coin} is above 1`,
  asOf: AT,
  holds,
})
type Step = { readonly coins: readonly (readonly [number, boolean])[]; readonly rollback: boolean; readonly twice: boolean }

async function look(raisedBy: string, { coins, rollback }: Step): Promise<AlertChanges | undefined> {
  const judged = coins.map(([coin, holds]) => judgedOf(coin, holds))
  return withClient(store.pool, async (client) => {
    await client.query('begin')
    const settled = await settleAlerts(client, { raisedBy, judged, covers: () => true })
    await client.query(rollback ? 'rollback' : 'commit')
    return rollback ? undefined : settled
  })
}

test('after any sequence of checks (repeated, rolled back, concurrent) each alert raised and not cleared is active, once', async () => {
  let run = 0
  const coins = fc.uniqueArray(fc.tuple(fc.nat(3), fc.boolean()), { selector: ([coin]) => coin, maxLength: 4 })
  const step = fc.record({ coins, rollback: fc.boolean(), twice: fc.boolean() })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
      const raisedBy = `watcher ${run++}`
      const expected = new Set<string>()
      for (const one of steps) {
        const looks = await Promise.all([look(raisedBy, one), ...(one.twice ? [look(raisedBy, one)] : [])])
        if (one.rollback) continue
        const [before, news] = [new Set(expected), { raised: new Set<string>(), cleared: new Set<string>() }]
        for (const [coin, holds] of one.coins) {
          const id = `coin-${coin}`
          if (holds && !before.has(id)) news.raised.add(id)
          if (!holds && before.has(id)) news.cleared.add(id)
          if (holds) expected.add(id)
          else expected.delete(id)
        }
        for (const what of ['raised', 'cleared'] as const)
          expect(looks.flatMap((settled) => settled?.[what].map(({ coinId }) => coinId) ?? []).sort()).toEqual(
            [...news[what]].sort(),
          )
        expect(
          looks
            .at(-1)
            ?.active.map(({ coinId }) => coinId)
            .sort(),
        ).toEqual([...expected].sort())
      }
      const { rows } = await store.pool.query(
        'select coin_id, cleared_at is null as active, cleared_at > time and received_at = cleared_at as over from alert_ledger where raised_by = $1',
        [raisedBy],
      )
      expect(
        rows
          .filter(({ active }) => active)
          .map((row) => row.coin_id)
          .sort(),
      ).toEqual([...expected].sort())
      expect(rows.filter(({ active, over }) => !active && !over)).toEqual([])
    }),
    { ...SHRINKS, numRuns: 30 },
  )
})

test('alerts of an older store are migrated', async () => {
  const old = await testStore()
  await old.pool.query(`create table market_alerts (agent text, rule text, coin_id text, source text, currency text,
    raised_at timestamptz, cleared_at timestamptz, value text, message text, noted_at timestamptz default now())`)
  await old.pool.query(
    `insert into market_alerts values ('crypto-market', 'above 1', 'acorn', 'grove', 'usd', '2026-01-01', null, '2', 'acorn is at 2')`,
  )
  await openAlerts(old.pool)
  const { rows } = await old.pool.query('select raised_by, name, coin_id, cleared_at, value from alert_ledger')
  expect(rows).toEqual([{ raised_by: 'crypto-market', name: 'above 1', coin_id: 'acorn', cleared_at: null, value: '2' }])
  expect((await old.pool.query("select to_regclass('market_alerts') as there")).rows).toEqual([{ there: null }])
})
