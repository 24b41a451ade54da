import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createPool, openStore } from '../../../lib/src/base/database/index.ts'
import { price } from '../../../lib/src/base/types/index.ts'
import { groupOf, openEmbeddedStream, PipelineStore } from '../../../lib/src/streaming/index.ts'
import { createDatabase } from '../../support/database.ts'
import { aPrice } from '../../support/heldSubscription.ts'
import { temporary } from '../../support/temporary.ts'
import { document, qicore } from './qicore.ts'

async function database(): Promise<string> {
  const { url, drop } = await createDatabase()
  onTestFinished(drop)
  return url
}

test('doctor names a group without readers, and the command that deletes it, which asks first', async () => {
  const url = await database()
  const cwd = await temporary('group')
  const run = (...args: readonly string[]) => qicore(args, { cwd, env: { DATABASE_URL: url, QICORE_SOURCES: 'none' } })
  expect((await run('group', 'list')).stdout).toBe('there are no consumer groups\n')
  const stream = await openEmbeddedStream({ url })
  onTestFinished(() => stream.close())
  await stream.createTopics([price.topic], { partitions: 1 })
  await stream.append(price.topic, [{ key: 'a', value: price.encode(aPrice(1)) }])
  const group = 'qicore-archive-lake'
  await stream.resetOffsets(group, [{ topic: price.topic, partition: 0, offset: 0n }])

  expect((await run('doctor')).stdout.replace(/\s+/g, ' ')).toContain(`qicore group delete ${group}`)
  expect((await run('group', 'list')).stdout).toMatch(new RegExp(`^${group} +empty +0 +1 +1$`, 'm'))
  expect(document(await run('group', 'list', '--json'))).toEqual([{ name: group, state: 'empty', members: 0, topics: 1, lag: 1 }])
  expect(await run('group', 'delete', group)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`Delete group ${group}? What it has not read is never delivered`),
  })
  expect((await run('group', 'delete', 'qicore-archive-lak', '--yes')).stderr).toContain(`did you mean ${group}`)
  expect(await run('group', 'delete', group, '--yes')).toMatchObject({
    code: 0,
    stdout: `deleted group ${group}, which had not read 1 message\n`,
  })
  expect(await stream.describeGroups()).toEqual([])
})

test('doctor distinguishes groups of a stopped pipeline, of a removed destination, and of a running delivery', async () => {
  const url = await database()
  const cwd = await temporary('group-doctor')
  await writeFile(join(cwd, 'qicore.yaml'), 'destinations:\n  timescaledb: { max_lag: 1d }\n')
  await (await openStore({ databaseUrl: url, home: cwd })).close()
  const stream = await openEmbeddedStream({ url })
  onTestFinished(() => stream.close())
  const pool = createPool(url)
  onTestFinished(() => pool.end())
  await stream.createTopics([price.topic], { partitions: 1 })
  await stream.append(price.topic, [{ key: 'a', value: price.encode(aPrice(1)) }])
  const store = await PipelineStore.open(pool)
  for (const [name, destination] of [
    ['halted', 'timescaledb'],
    ['lost', 'ocean'],
    ['runs', 'timescaledb'],
  ] as const) {
    const text = `version: 1\nname: ${name}\nfrom: { records: [price] }\nto: [{ destination: ${destination} }]\n`
    await store.deploy({ name, text, replaces: 0, by: 'ann', check: () => [] })
    await stream.resetOffsets(groupOf({ pipeline: name, destination }), [{ topic: price.topic, partition: 0, offset: 0n }])
  }
  await store.setState('halted', 'stopped', 'ann')
  const { stdout } = await qicore(['doctor'], { cwd, env: { DATABASE_URL: url, QICORE_SOURCES: 'none' } })
  const printed = stdout.replace(/\s+/g, ' ')
  expect(printed).toMatch(/pipeline halted is stopped: "qicore-halted" was last read .* qicore pipeline resume halted/)
  expect(printed).toContain('if it is not needed any more: qicore group delete qicore-lost-ocean')
  expect(printed).not.toContain('"qicore-runs"')
})
