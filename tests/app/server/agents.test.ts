import { channel } from 'node:diagnostics_channel'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { AGENT_CHANNEL, type AgentRunEvent } from '../../../lib/src/base/types/index.ts'
import { CryptoDataPlatform, loadConfig } from '../../../lib/src/streaming/platform/index.ts'
import { testDatabase } from '../../support/database.ts'
import { temporary } from '../../support/temporary.ts'
import { until } from '../../support/until.ts'
import { answerOf } from './documented.ts'
import { getJson, serving } from './served.ts'

const { url: databaseUrl } = await testDatabase()

interface Agent {
  readonly name: string
  readonly state: string
}

test('runs of agents are listed and counted', { timeout: 60_000 }, async () => {
  const cwd = await temporary('agents')
  await writeFile(join(cwd, 'qicore.yaml'), 'agents: { run: [crypto-platform], crypto-platform: { cron: "0 0 1 1 *" } }\n')
  const { config } = loadConfig({ cwd, env: { DATABASE_URL: databaseUrl, QICORE_SOURCES: 'none' } })
  await using platform = new CryptoDataPlatform({ config })
  await platform.initialize()
  const { url } = await serving(platform)
  const list = async () => {
    const { status, body } = await getJson(`${url}/api/v1/agents`)
    expect(status).toBe(200)
    answerOf('/api/v1/agents', 200)(body)
    return (body as { readonly items: readonly Agent[] }).items
  }
  const before = await list()
  expect(before.length).toBeGreaterThan(5)
  expect(before.filter(({ state }) => state !== 'off')).toEqual([])

  await platform.start()
  const host = await platform.openAgents()
  const agent = await host.agent('crypto-platform')
  await (await agent.submit('incidents', {}, { id: 'asked-by-hand' })).result
  const items = await until(async () => {
    const now = await list()
    return now.some(({ state }) => state === 'idle') && now
  }, 'the agent to be idle')
  expect(items.filter(({ state }) => state !== 'off')).toMatchObject([
    {
      name: 'crypto-platform',
      scheduled: true,
      schedules: [{ workflow: 'main', cron: '0 0 1 1 *', next: expect.stringMatching(/^\d{4}-01-01T00:00:00.000Z$/) }],
      runs: [{ id: 'asked-by-hand', workflow: agent.workflowNamed('incidents').name, state: 'succeeded', questions: [] }],
    },
  ])

  const tell = (event: AgentRunEvent) => channel(AGENT_CHANNEL).publish(event)
  const late = { agent: 'data-store', workflow: 'data-quality' }
  tell({ ...late, state: 'started', running: 1 })
  tell({ ...late, state: 'failed', running: 0, ms: 20_000 })
  tell({ ...late, state: 'started', running: 1 })
  const metrics = await (await fetch(`${url}/metrics`)).text()
  const workflow = agent.workflowNamed('incidents').name
  for (const line of [
    `qicore_agent_runs_total{agent="crypto-platform",workflow="${workflow}",state="succeeded"} 1`,
    `qicore_agent_run_duration_seconds_count{agent="crypto-platform",workflow="${workflow}"} 1`,
    'qicore_agent_runs_in_progress{agent="crypto-platform"} 0',
    'qicore_agent_runs_in_progress{agent="data-store"} 1',
    'qicore_agent_runs_total{agent="data-store",workflow="data-quality",state="failed"} 1',
    'qicore_agent_run_duration_seconds_bucket{le="10",agent="data-store",workflow="data-quality"} 0',
    'qicore_agent_run_duration_seconds_bucket{le="30",agent="data-store",workflow="data-quality"} 1',
  ])
    expect(metrics.split('\n')).toContain(line)
})
