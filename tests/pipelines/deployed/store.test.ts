import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { ChangeListener, createPool } from '../../../lib/src/base/database/index.ts'
import { QiError, silentLogger } from '../../../lib/src/base/types/index.ts'
import { Drafts, PIPELINE_CHANNEL, PipelineStore } from '../../../lib/src/streaming/pipelines/deployed/index.ts'
import { createDatabase, testDatabase } from '../../support/database.ts'
import { until } from '../../support/until.ts'

const { url } = await testDatabase()
const pool = createPool(url)
afterAll(() => pool.end())
const store = await PipelineStore.open(pool)

let made = 0
const newName = (): string => `p${++made}`
const check = () => []
const deploy = (name: string, text: string, replaces: number, by = 'ann') => store.deploy({ name, text, replaces, by, check })
const failure = (promise: Promise<unknown>): Promise<QiError> =>
  promise.then(
    () => Promise.reject(new Error('it succeeded')),
    (error: QiError) => error,
  )

describe('deploy', () => {
  test('version numbers count up; a version keeps its text byte for byte and its author', async () => {
    const name = newName()
    const text = '\ufeff# ünïcode ❤️\r\nname: x\n\n'
    expect(await deploy(name, text, 0)).toEqual({ version: 1, changed: true })
    expect(await deploy(name, 'two', 1, 'ben')).toEqual({ version: 2, changed: true })
    expect(await store.find(name)).toMatchObject({ version: 2, text: 'two', state: 'running', deployedBy: 'ben' })
    expect(await store.version(name, 1)).toMatchObject({
      text,
      deployedBy: 'ann',
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      deployedAt: expect.closeTo(Date.now(), -5),
    })
  })

  test('deploying the running text changes nothing, whatever `replaces` says', async () => {
    const name = newName()
    await deploy(name, 'one', 0)
    expect(await deploy(name, 'one', 7)).toEqual({ version: 1, changed: false })
    expect(await store.history(name, 10)).toHaveLength(1)
  })

  test('a deploy that replaces another version than the running one is a CONFLICT that names who deployed it', async () => {
    const name = newName()
    await deploy(name, 'one', 0, 'ben')
    const error = await failure(deploy(name, 'two', 0))
    expect(error).toMatchObject({ code: 'CONFLICT', field: 'replaces' })
    expect(error.message).toMatch(/a first version was to be deployed, and version 1 runs, deployed by ben at .+; look at it/)
    expect(await failure(deploy(newName(), 'one', 3))).toMatchObject({ code: 'CONFLICT' })
  })

  test('of many concurrent deploys one succeeds, and each other fails with CONFLICT', async () => {
    const name = newName()
    const pools = Array.from({ length: 6 }, () => createPool(url, { max: 2 }))
    onTestFinished(async () => void (await Promise.all(pools.map((each) => each.end()))))
    const stores = await Promise.all(pools.map((each) => PipelineStore.open(each)))
    const results = await Promise.allSettled(
      stores.map((each, i) => each.deploy({ name, text: `text ${i}`, replaces: 0, by: `process ${i}`, check })),
    )
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const result of results) if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'CONFLICT' })
    expect(await store.history(name, 10)).toHaveLength(1)
  })

  test('a check sees the state that its deploy changes: of two deploys that exclude each other one fails', async () => {
    const [a, b] = [newName(), newName()]
    const alone = (other: string) => (_: string, among: { readonly pipelines: readonly { readonly name: string }[] }) => {
      if (among.pipelines.some(({ name }) => name === other)) throw new QiError('CONFLICT', 'a loop')
      return []
    }
    const results = await Promise.allSettled([
      store.deploy({ name: a, text: 'a', replaces: 0, by: 'ann', check: alone(b) }),
      store.deploy({ name: b, text: 'b', replaces: 0, by: 'ben', check: alone(a) }),
    ])
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  test('a check that throws deploys nothing', async () => {
    const name = newName()
    const refuse = () => {
      throw new QiError('BAD_REQUEST', 'no')
    }
    expect(await failure(store.deploy({ name, text: 'x', replaces: 0, by: 'ann', check: refuse }))).toMatchObject({
      code: 'BAD_REQUEST',
    })
    expect(await failure(store.find(name))).toMatchObject({ code: 'NOT_FOUND' })
  })
})

test('a process killed in the middle of a deploy leaves no trace and no lock', async () => {
  const database = await createDatabase()
  onTestFinished(database.drop)
  const own = createPool(database.url)
  const fresh = await PipelineStore.open(own)
  await fresh.deploy({ name: 'archive', text: 'one', replaces: 0, by: 'ann', check })
  const child = spawn(process.execPath, [fileURLToPath(new URL('./deployer.ts', import.meta.url)), database.url, '1'])
  expect(await once(child, 'exit')).toEqual([null, 'SIGKILL'])
  expect(await fresh.find('archive')).toMatchObject({ version: 1, text: 'one' })
  expect(await fresh.deploy({ name: 'archive', text: 'two', replaces: 1, by: 'ben', check })).toEqual({
    version: 2,
    changed: true,
  })
  await own.end()
})

describe('after the deploy', () => {
  test('a rollback runs an earlier version; the next deploy replaces it under a new number', async () => {
    const name = newName()
    for (const [i, text] of ['one', 'two', 'three'].entries()) await deploy(name, text, i)
    expect(await store.rollback({ name, version: 1, replaces: 3, by: 'ann', check })).toEqual({ version: 1, changed: true })
    expect(await store.find(name)).toMatchObject({ version: 1, text: 'one' })
    expect(await store.rollback({ name, version: 1, replaces: 1, by: 'ann', check })).toEqual({ version: 1, changed: false })
    expect(await failure(store.rollback({ name, version: 2, replaces: 3, by: 'ann', check }))).toMatchObject({ code: 'CONFLICT' })
    expect((await failure(store.rollback({ name, version: 9, replaces: 1, by: 'ann', check }))).message).toContain(
      'has no version 9',
    )
    expect(await deploy(name, 'four', 1)).toEqual({ version: 4, changed: true })
    expect((await store.history(name, 10)).map(({ event, version }) => `${event} ${version}`)).toEqual([
      'deployed 4',
      'rolled_back 1',
      'deployed 3',
      'deployed 2',
      'deployed 1',
    ])
  })

  test('a stopped pipeline stays stopped over a deploy; stopping it again changes nothing', async () => {
    const name = newName()
    await deploy(name, 'one', 0)
    expect(await store.setState(name, 'stopped', 'ann')).toBe(true)
    expect(await store.setState(name, 'stopped', 'ann')).toBe(false)
    await deploy(name, 'two', 1)
    expect(await store.find(name)).toMatchObject({ state: 'stopped', version: 2 })
    expect(await store.setState(name, 'running', 'ann')).toBe(true)
    expect(await failure(store.setState('archiv', 'stopped', 'ann'))).toMatchObject({ code: 'NOT_FOUND' })
  })

  test('deleting a pipeline keeps its history, and version numbers are not used again', async () => {
    const name = newName()
    await deploy(name, 'one', 0)
    const refuse = () => {
      throw new QiError('CONFLICT', 'needed')
    }
    expect(await failure(store.delete(name, 'ann', refuse))).toMatchObject({ code: 'CONFLICT' })
    await store.delete(name, 'ann', () => [])
    expect((await store.snapshot()).pipelines.map((pipeline) => pipeline.name)).not.toContain(name)
    expect(await deploy(name, 'again', 0)).toEqual({ version: 2, changed: true })
    expect((await store.history(name, 10)).map(({ event }) => event)).toEqual(['deployed', 'deleted', 'deployed'])
  })

  test('the snapshot has the record type of each topic, and a later resumption has a greater id', async () => {
    const name = newName()
    const topics = () => [{ topic: 'majors', record: 'price' as const }]
    await store.deploy({ name, text: 'x', replaces: 0, by: 'ann', check: topics })
    expect((await store.snapshot()).topics).toContainEqual(['majors', 'price'])
    const ofName = async () => (await store.snapshot()).resumptions.find((one) => one.name === name && one.output === 'lake')
    await store.resume(name, 'lake', 'ann')
    const first = await ofName()
    await store.resume(name, 'lake', 'ann')
    expect((await ofName())?.id).toBeGreaterThan(first?.id as bigint)
  })
})

test('a listener hears each change, also after its connection was lost', async () => {
  const own = createPool(url, { max: 1, applicationName: 'test listener' })
  let heard = 0
  const listener = new ChangeListener({
    pool: own,
    channel: PIPELINE_CHANNEL,
    onChange: () => heard++,
    logger: silentLogger,
    pollMs: 3_600_000,
  })
  onTestFinished(async () => {
    await listener.close()
    await own.end()
  })
  await until(() => heard > 0, 'the listener to listen')
  const name = newName()
  let before = heard
  await deploy(name, 'one', 0)
  await until(() => heard > before, 'the deploy to be heard')
  before = heard
  await pool.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'test listener' and datname = current_database()",
  )
  await until(() => heard > before, 'the listener to come back')
  before = heard
  await store.setState(name, 'stopped', 'ann')
  await until(() => heard > before, 'the stop to be heard')
})

describe('drafts', () => {
  test('saving names the revision that it replaces; the second of two writers gets CONFLICT', async () => {
    const drafts = await Drafts.open(pool)
    const name = newName()
    expect(await drafts.save({ name, text: 'one', replaces: 0, by: 'ann' })).toMatchObject({ revision: 1, text: 'one' })
    expect(await drafts.save({ name, text: 'two', replaces: 1, by: 'ann' })).toMatchObject({ revision: 2 })
    expect(await failure(drafts.save({ name, text: 'mine', replaces: 1, by: 'ben' }))).toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('revision 2, saved by ann, is stored, but revision 1 was to be replaced'),
    })
    expect(await failure(drafts.save({ name, text: 'mine', replaces: 0, by: 'ben' }))).toMatchObject({ code: 'CONFLICT' })
    expect(await drafts.find(name)).toMatchObject({ text: 'two' })
    await drafts.discard(name)
    expect(await failure(drafts.discard(name))).toMatchObject({ code: 'NOT_FOUND' })
    expect((await failure(drafts.save({ name, text: 'x', replaces: 2, by: 'ann' }))).message).toContain('no longer exists')
  })
})
