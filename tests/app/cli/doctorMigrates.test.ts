import pg from 'pg'
import { expect, it, onTestFinished } from 'vitest'
import { openStore } from '../../../lib/src/base/database/index.ts'
import { createDatabase, onTimescale } from '../../support/database.ts'
import { makeProject } from './project.ts'
import { document, qicore } from './qicore.ts'

interface Check {
  readonly name: string
  readonly verdict: string
  readonly summary: string
  readonly remedy?: string
}

interface Examined {
  readonly url: string
  readonly rows: (sql: string) => Promise<readonly object[]>
  readonly doctor: (exit: number, env?: Readonly<Record<string, string>>) => Promise<(name: string) => Check | undefined>
}

async function examined(): Promise<Examined> {
  const { url, drop } = await createDatabase()
  onTestFinished(drop)
  const client = new pg.Client(url)
  await client.connect()
  onTestFinished(() => client.end())
  const project = await makeProject('migrates')
  onTestFinished(() => project[Symbol.asyncDispose]())
  return {
    url,
    rows: async (sql) => (await client.query<object>(sql)).rows,
    doctor: async (exit, env = {}) => {
      const run = await qicore(['doctor', '--json'], {
        cwd: project.cwd,
        env: { DATABASE_URL: url, QICORE_SOURCES: 'none', ...env },
      })
      const { checks } = document<{ checks: Check[] }>(run, exit)
      return (name) => checks.find((check) => check.name === name)
    },
  }
}

const EVERYTHING = `select relname from pg_class where relnamespace = 'public'::regnamespace
  union all select nspname from pg_namespace where nspname like 'qicore%' union all select extname from pg_extension where extname <> 'plpgsql'`

it('in an empty database names the tables that would be created and why, and creates nothing', async () => {
  const { rows, doctor } = await examined()
  const check = await doctor(0)
  expect(check('store')).toMatchObject({
    verdict: 'ok',
    summary: expect.stringMatching(/is not set up yet: qicore up does that$/),
  })
  expect(check('layout')).toMatchObject(
    onTimescale
      ? { verdict: 'ok', summary: 'hypertables will be created, because the extension timescaledb is there' }
      : {
          verdict: 'unused',
          summary: 'plain tables will be created, because the server does not offer the extension timescaledb',
          remedy: expect.stringContaining('before the first start'),
        },
  )
  expect(check('stream')).toMatchObject({ verdict: 'unused', summary: expect.stringContaining('is not set up yet') })
  expect(await rows(EVERYTHING)).toEqual([])
  const plain = await doctor(0, { QICORE_STORE_LAYOUT: 'plain' })
  expect(plain('layout')?.summary).toBe('plain tables will be created, because store.layout is plain')
  if (!onTimescale)
    expect((await doctor(1, { QICORE_STORE_LAYOUT: 'hypertables' }))('layout')).toMatchObject({
      verdict: 'failed',
      summary: expect.stringContaining('the server does not offer the extension timescaledb'),
    })
})

it('in an older database names the migrations that a start would apply, and applies none', async () => {
  const { url, rows, doctor } = await examined()
  await (await openStore({ databaseUrl: url, home: '/nowhere' })).close()
  // Only the tables that opening a store needs are created.
  const first = await doctor(0)
  expect(first('store')).toMatchObject({ verdict: 'ok' })
  for (const name of ['pipelines', 'stream']) expect(first(name)).toMatchObject({ verdict: 'unused' })
  expect(await rows('select distinct component from qicore_migrations order by 1')).toEqual([
    { component: 'coverage' },
    { component: 'rollups' },
    { component: 'series' },
    { component: 'store' },
  ])

  await rows("delete from qicore_migrations where component = 'store' and version >= 4")
  const check = await doctor(0)
  expect(check('store')).toMatchObject({
    verdict: 'unused',
    summary: expect.stringMatching(/older than this program: \d+ migrations \(store 4 calendar, .*stream 1 .*, networking 1 /),
    remedy: expect.stringContaining('qicore up applies them'),
  })
  expect(await rows("select max(version) from qicore_migrations where component = 'store'")).toEqual([{ max: 3 }])

  await rows("insert into qicore_migrations values ('store', 99, 'later', 'x')")
  expect((await doctor(1))('store')).toMatchObject({
    verdict: 'failed',
    summary: expect.stringContaining('newer than this program'),
  })
})

it('a layout that contradicts the setting fails, and names the command that converts it', async () => {
  const { url, doctor } = await examined()
  await (await openStore({ databaseUrl: url, home: '/nowhere', layout: 'plain' })).close()
  expect((await doctor(1, { QICORE_STORE_LAYOUT: 'hypertables' }))('layout')).toMatchObject({
    verdict: 'failed',
    summary: expect.stringContaining('run qicore store convert'),
  })
  expect((await doctor(0, { QICORE_STORE_LAYOUT: 'plain' }))('layout')).toMatchObject({
    verdict: 'ok',
    summary: 'the tables are plain, because store.layout is plain',
  })
})
