import { randomUUID } from 'node:crypto'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createPool, openStore } from '../../../lib/src/base/database/index.ts'
import { beat, PipelineStore } from '../../../lib/src/streaming/index.ts'
import { testDatabase } from '../../support/database.ts'
import { qicore } from './qicore.ts'

const { url } = await testDatabase()

test('doctor names processes whose destinations differ, and deployed pipelines that this configuration cannot run', async () => {
  const cwd = await mkdtemp(join(tmpdir(), 'qicore-doctor-pipelines-'))
  await writeFile(join(cwd, 'qicore.yaml'), 'sources: { run: [] }\n')
  const doctor = () => qicore(['doctor'], { cwd, env: { DATABASE_URL: url } })
  await (await openStore({ databaseUrl: url, home: cwd })).close()
  const pool = createPool(url)
  onTestFinished(() => pool.end())
  const store = await PipelineStore.open(pool)
  expect((await doctor()).stdout).toContain('none is deployed')
  const text = 'version: 1\nname: archive\nfrom: { records: [price] }\nto: [{ destination: lake }]\n'
  await store.deploy({ name: 'archive', text, replaces: 0, by: 'ann', check: () => [] })
  await beat(pool, { id: randomUUID(), host: 'alpha', pid: 11, destinations: { timescaledb: 'timescaledb', lake: 's3' } })
  await beat(pool, { id: randomUUID(), host: 'beta', pid: 22, destinations: { timescaledb: 'timescaledb' } })
  await beat(pool, { id: randomUUID(), host: 'gamma', pid: 33, destinations: { timescaledb: 'timescaledb', lake: 'file' } })

  const { code, stdout } = await doctor()
  const printed = stdout.replace(/\s+/g, ' ')
  expect(code).toBe(1)
  expect(printed).toContain('lake is s3 in alpha process 11 and none in beta process 22 and file in gamma process 33')
  expect(printed).toContain('archive version 1:4:21: to[0].destination "lake": no destination of this name is configured')
  expect(printed).not.toMatch(/in their destinations: .*timescaledb is/)
})
