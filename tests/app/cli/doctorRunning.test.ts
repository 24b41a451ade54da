import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { expect, it } from 'vitest'
import { until } from '../../support/until.ts'
import { makeProject } from './project.ts'
import { document, qicore, up } from './qicore.ts'

interface Check {
  readonly name: string
  readonly verdict: string
  readonly summary: string
  readonly remedy?: string
}

interface Diagnosis {
  readonly ok: boolean
  readonly checks: readonly Check[]
}

it('shows the health of the running platform, such as a changed table, with place and remedy', async () => {
  await using project = await makeProject('changed', 'sources: { simulated: { interval_ms: 200 } }\n')
  const env = { QICORE_SOURCES: 'simulated' }
  const platform = await up({ cwd: project.cwd, env })
  await using stopping = new AsyncDisposableStack()
  stopping.defer(async () => void (await platform.stop()))
  const { port } = JSON.parse(await readFile(join(project.home, 'postgres.json'), 'utf8')) as { port: number }
  const password = await readFile(join(project.home, 'postgres.owner.password'), 'utf8')
  const client = new pg.Client({ host: '127.0.0.1', port, user: 'qicore_owner', password, database: 'qicore' })
  await client.connect()
  stopping.defer(() => client.end())

  await client.query('alter table crypto_prices_rows rename column market_cap to cap')
  const sentence = 'crypto_prices_rows lacks the column market_cap'
  const { checks } = await until(async () => {
    const run = await qicore(['doctor', '--json'], { cwd: project.cwd, env })
    const found = JSON.parse(run.stdout) as Diagnosis
    const told = found.checks.some(({ name, summary }) => name === 'consumer crypto-data' && summary.includes(sentence))
    return told && run.code === 1 && found
  }, 'the doctor to be told by the consumer')
  const said = checks.filter(({ summary }) => summary.startsWith('the platform says'))
  expect(said).toContainEqual({
    name: 'store',
    verdict: 'failed',
    summary: `the platform says degraded: ${sentence}`,
    remedy: expect.stringContaining('alter table crypto_prices_rows add column market_cap numeric'),
  })
  // The doctor's own check of the store.
  expect(checks).toContainEqual(expect.objectContaining({ name: 'store', verdict: 'failed', summary: sentence }))
  const shown = await qicore(['status'], { cwd: project.cwd, env })
  expect(shown.stdout).toMatch(/The platform is degraded/)
  expect(shown.stdout).toContain(sentence)

  await client.query('alter table crypto_prices_rows rename column cap to market_cap')
  await until(async () => (await qicore(['doctor', '--json'], { cwd: project.cwd, env })).code === 0, 'all to be well again')
})

it('passes if CoinGecko cannot be reached and the simulated market is its fallback', async () => {
  await using project = await makeProject('offline')
  const env = { COINGECKO_BASE_URL: 'http://127.0.0.1:9' }
  const { ok, checks } = document<Diagnosis>(await qicore(['doctor', '--json'], { cwd: project.cwd, env }), 0)
  expect(ok).toBe(true)
  expect(checks.find(({ name }) => name === 'source coingecko')).toMatchObject({
    verdict: 'unused',
    summary: expect.stringMatching(/the SIMULATED market is the fallback/),
    remedy: expect.any(String),
  })
})
