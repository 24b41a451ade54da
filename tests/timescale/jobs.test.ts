import pg from 'pg'
import { expect, it, onTestFinished } from 'vitest'
import { openStore, type Store } from '../../lib/src/base/database/index.ts'
import { timescaleTroubles } from '../../lib/src/base/database/trouble/timescaleTroubles.ts'
import { makeProject } from '../app/cli/project.ts'
import { document, qicore } from '../app/cli/qicore.ts'
import { openEngines, platformOf, serving } from '../app/server/served.ts'
import { createDatabase } from '../support/database.ts'
import { metricsOf } from '../support/metrics.ts'
import { describeWith } from '../support/services.ts'
import { until } from '../support/until.ts'

const JOB = "(select job_id from timescaledb_information.jobs where hypertable_name = 'trades_rows')"
const METRIC = 'qicore_store_job_last_success_timestamp_seconds'

interface Compressed {
  readonly url: string
  readonly open: () => Promise<Store>
  /** Rewrites TimescaleDB's statistics of the job's last run; the next run is an hour away at least. */
  readonly noted: (what: string) => Promise<void>
}

async function compressed(): Promise<Compressed> {
  const { url, admin, drop } = await createDatabase('timescaledb')
  onTestFinished(drop)
  const open = async () => {
    const store = await openStore({ databaseUrl: url, home: '/nowhere', readers: 1, writers: 1 })
    onTestFinished(() => store.close())
    return store
  }
  const { timescale, pool } = await open()
  await timescale.policies.setCompression('trades', 7)
  const over = `select from timescaledb_information.job_stats where job_id = ${JOB} and total_runs > 0 and job_status <> 'Running' and last_run_status <> ''`
  await until(async () => (await pool.query(over)).rowCount === 1, 'the first run')
  const noted = async (what: string) => {
    const client = new pg.Client(admin)
    await client.connect()
    await client.query(`update _timescaledb_internal.bgw_job_stat set ${what} where job_id = ${JOB}`).finally(() => client.end())
  }
  return { url, open, noted }
}

describeWith('timescaledb', 'jobs of TimescaleDB', () => {
  it('that fail or do not start are reported by health and doctor, with job, time and remedy', async () => {
    const { url, open, noted } = await compressed()
    await noted("last_run_success = true, last_successful_finish = '2026-01-05 12:00+00', next_start = now() + interval '1 hour'")
    expect(await (await open()).check()).toMatchObject({ ok: true })

    await noted('last_run_success = false, total_failures = 3')
    const failed = expect.stringMatching(
      /^job \d+ of TimescaleDB \(policy_compression trades_rows\) failed in its last run, 3 times in all; it last succeeded at 2026-01-05T12:00:00.000Z$/,
    )
    expect(await (await open()).check()).toMatchObject({
      ok: false,
      degraded: true,
      summary: failed,
      remedy: expect.stringContaining('timescaledb_information.job_errors'),
    })
    await using project = await makeProject('jobs')
    const env = { DATABASE_URL: url, QICORE_SOURCES: 'none' }
    const { checks } = document<{ checks: object[] }>(await qicore(['doctor', '--json'], { cwd: project.cwd, env }), 1)
    expect(checks).toContainEqual(expect.objectContaining({ name: 'store', verdict: 'failed', summary: failed }))

    await noted("last_run_success = true, next_start = now() - interval '2 hours'")
    expect(await (await open()).check()).toMatchObject({
      degraded: true,
      summary: expect.stringContaining('has not started for more than an hour after its time'),
      remedy: expect.stringContaining('max_background_workers'),
    })
  })

  it('have their last success in the metrics', async () => {
    const { url, noted } = await compressed()
    await using engines = await openEngines(url)
    const server = await serving(platformOf(engines))
    const samples = async () => (await metricsOf(server.url)).all(METRIC)
    await noted("last_successful_finish = '2026-01-05 12:00+00'")
    expect(await samples()).toEqual([
      { labels: { job: 'policy_compression trades_rows' }, value: Date.UTC(2026, 0, 5, 12) / 1000 },
    ])
    await noted("last_successful_finish = '-infinity'")
    expect(await samples()).toEqual([{ labels: { job: 'policy_compression trades_rows' }, value: 0 }])
    await engines.store.timescale.policies.setCompression('trades', undefined)
    expect(await samples()).toEqual([])
  })

  it('cannot run without workers', async () => {
    const { open } = await compressed()
    const { pool } = await open()
    // The number of workers is a server setting: changing it would need a server of its own.
    const without = {
      query: async (text: string, values?: unknown[]) =>
        text.includes('pg_settings') ? { rows: [{ setting: '0' }] } : pool.query(text, values),
    }
    expect(await timescaleTroubles(without as never)).toEqual([
      {
        what: expect.stringContaining('timescaledb.max_background_workers is 0, and nothing is compressed'),
        remedy: expect.stringContaining('restart the server'),
      },
    ])
  })

  it('missing hypertables and continuous aggregates are reported', async () => {
    const { open } = await compressed()
    const store = await open()
    await store.rollups.turnOn()
    const client = await store.pool.connect()
    onTestFinished(() => client.release(true))
    expect((await timescaleTroubles(client)).map(({ what }) => what).filter((what) => !what.startsWith('job'))).toEqual([])
    await client.query('drop materialized view built_1d cascade')
    await client.query('begin; drop table trending_rows cascade; create table trending_rows (time timestamptz not null)')
    expect((await timescaleTroubles(client)).map(({ what }) => what)).toEqual(
      expect.arrayContaining([
        'the table trending_rows is no longer a hypertable',
        'the continuous aggregate built_1d is missing',
      ]),
    )
  })
})
