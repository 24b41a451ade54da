import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { Tokens } from '../../../../lib/src/mcp-tools/index.ts'
import { testDatabase } from '../../../support/database.ts'
import { until } from '../../../support/until.ts'
import { type Engines, openEngines, serving } from '../served.ts'
import { post } from './posting.ts'
import { did, slowSteps, trialTools, withTools } from './trialTools.ts'

const { url: database } = await testDatabase()
let engines: Engines
let url: string
let keys = 0
let options: { headers: { 'idempotency-key': string } }
beforeAll(async () => {
  engines = await openEngines(database)
})
afterAll(() => engines[Symbol.asyncDispose]())
beforeEach(() => {
  options = { headers: { 'idempotency-key': `key-${keys++}` } }
})

const start = async () => {
  url = (await serving(withTools(engines), { tools: trialTools })).url
}

test('the same key with the same arguments runs once and repeats the first answer', async () => {
  await start()
  const thing = `once ${keys}`
  const add = () => post(url, 'note', { action: 'add', thing }, options)
  const first = await add()
  expect([first.status, first.headers.get('idempotent-replayed')]).toEqual([200, null])
  const again = await add()
  expect([again.status, again.body, again.headers.get('idempotent-replayed')]).toEqual([200, first.body, 'true'])
  expect(did.filter((one) => one === thing)).toHaveLength(1)
})

test('twenty concurrent calls with one key are one call', async () => {
  await start()
  slowSteps.go = Promise.withResolvers()
  const thing = `twenty ${keys}`
  const begun = slowSteps.begun
  const all = Promise.all(
    Array.from({ length: 20 }, () => post(url, 'slow', { thing }, { headers: { ...options.headers, prefer: 'wait=20' } })),
  )
  await until(() => slowSteps.begun > begun, 'the call to begin')
  slowSteps.go.resolve()
  const answers = await all
  expect(answers.map(({ status, body }) => [status, body.thing])).toEqual(answers.map(() => [200, thing]))
  expect(answers.filter(({ headers }) => headers.get('idempotent-replayed') === null)).toHaveLength(1)
  expect(did.filter((one) => one === thing)).toHaveLength(1)
})

test('while the call runs the same key gives the same job', async () => {
  await start()
  slowSteps.go = Promise.withResolvers()
  const headers = { ...options.headers, prefer: 'respond-async' }
  const first = await post(url, 'slow', { thing: 'job' }, { headers })
  const again = await post(url, 'slow', { thing: 'job' }, { headers })
  expect([first.status, again.status]).toEqual([202, 202])
  expect(again.headers.get('location')).toBe(first.headers.get('location'))
  slowSteps.go.resolve()
})

test('the same key with other arguments or another tool is refused', async () => {
  await start()
  await post(url, 'note', { action: 'add', thing: 'a' }, options)
  for (const [tool, given] of [
    ['note', { action: 'add', thing: 'b' }],
    ['look', { thing: 'a' }],
  ] as const)
    expect(await post(url, tool, given, options)).toMatchObject({
      status: 422,
      body: { code: 'CONFLICT', field: 'idempotency-key', detail: expect.stringContaining('take a new key') },
    })
})

test('a failure is repeated as answer; a refusal is not, so that the call can be corrected', async () => {
  await start()
  const add = (thing: unknown) => post(url, 'note', { action: 'add', thing }, options)
  expect((await add(5)).status).toBe(400)
  const failed = await add('impossible')
  const again = await add('impossible')
  expect([failed.status, again.status, again.body.field]).toEqual([409, 409, 'thing'])
  expect(again.body.detail).toContain('cannot be noted')
})

test('keys of two callers are independent', async () => {
  await start()
  const { secret } = await (await Tokens.open(engines.store.pool)).create({ name: 'other', role: 'operator' })
  await post(url, 'note', { action: 'add', thing: 'mine' }, options)
  const theirs = await post(url, 'note', { action: 'add', thing: 'theirs' }, { ...options, token: secret })
  expect([theirs.status, theirs.headers.get('idempotent-replayed')]).toEqual([200, null])
})

test('a key can be used again after a day', async () => {
  await start()
  await post(url, 'note', { action: 'add', thing: 'old' }, options)
  await engines.store.pool.query(`update tool_jobs set ended_at = ended_at - interval '25 hours' where key = $1`, [
    options.headers['idempotency-key'],
  ])
  expect((await post(url, 'note', { action: 'add', thing: 'new' }, options)).body).toEqual({ thing: 'new' })
})

test.each([`${'k'.repeat(201)}`, 'two words'])('a key like %s is refused', async (key) => {
  await start()
  expect(await post(url, 'look', { thing: 'a' }, { headers: { 'idempotency-key': key } })).toMatchObject({
    status: 400,
    body: { field: 'idempotency-key' },
  })
})
