import { expect, test } from 'vitest'
import type { QualityReport } from '../../../lib/src/consumers/agents/data-store/report.ts'
import { testDatabase } from '../../support/database.ts'
import { hostedAgents } from '../hostedAgents.ts'

const { url } = await testDatabase()

test('with apply: always the proposals are applied without approval, once', async () => {
  const settings = { apply: 'always', keep_days: { trending: 100 }, settle_seconds: 60 }
  await using hosted = await hostedAgents({ databaseUrl: url, yaml: `agents: { data-store: ${JSON.stringify(settings)} }\n` })
  const agent = await hosted.host.agent('data-store')
  const run = async () => (await (await agent.submit('main', {})).result) as QualityReport
  expect(await run()).toMatchObject({ ok: true, proposals: [{ days: 100 }], applied: [{ table: 'trending', dropped: 0 }] })
  expect(await hosted.platform.store.timescale.policies.retention()).toEqual({ quotes: 30, books: 7, trending: 100 })
  expect(await run()).toMatchObject({ ok: true, proposals: [], applied: [] })
})
