import { afterAll, beforeAll, expect, test } from 'vitest'
import { AuditLog, Tokens } from '../../../../lib/src/mcp-tools/index.ts'
import { testDatabase } from '../../../support/database.ts'
import { answerOf } from '../documented.ts'
import { type Engines, openEngines, serving } from '../served.ts'
import { ask, post } from './posting.ts'
import { trialTools, withTools } from './trialTools.ts'

const { url: database } = await testDatabase()
let engines: Engines
let operator: string
let viewer: string
beforeAll(async () => {
  engines = await openEngines(database)
  const tokens = await Tokens.open(engines.store.pool)
  operator = (await tokens.create({ name: 'ops', role: 'operator' })).secret
  viewer = (await tokens.create({ name: 'eyes', role: 'viewer' })).secret
})
afterAll(() => engines[Symbol.asyncDispose]())

const server = () => serving(withTools(engines), { tools: trialTools })
const newest = async (url: string, query = '?limit=1') => (await ask(url, `/api/v1/audit${query}`)).body.items

test('a write leaves a line with time, caller, address, call and outcome', async () => {
  const { url } = await server()
  await post(url, 'note', { action: 'add', thing: 'noted' }, { token: operator })
  const page = (await ask(url, '/api/v1/audit?limit=1')).body
  answerOf('/api/v1/audit', 200)(page)
  expect(page.items[0]).toMatchObject({
    at: expect.stringMatching(/Z$/),
    ended_at: expect.stringMatching(/Z$/),
    caller: 'ops',
    role: 'operator',
    address: '127.0.0.1',
    face: 'http',
    tool: 'note',
    effect: 'write',
    arguments: { action: 'add', thing: 'noted' },
    outcome: 'done',
  })
})

test('a refused write, a failed one, and each step of a destroying call leave a line; a read leaves none', async () => {
  const { url } = await server()
  const tell = async (query = '?limit=1') =>
    (await newest(url, query)).map(({ outcome, error = '' }: Record<string, string>) => [outcome, error])
  await post(url, 'note', { action: 'add', thing: 'x' }, { token: viewer })
  expect(await tell()).toEqual([['refused', expect.stringContaining('FORBIDDEN')]])
  await post(url, 'note', { action: 'add', thing: 7 })
  expect(await tell()).toEqual([['refused', expect.stringContaining('BAD_REQUEST')]])
  await post(url, 'note', { action: 'add', thing: 'impossible' })
  expect(await tell()).toEqual([['failed', expect.stringContaining('CONFLICT')]])
  const { token: confirm } = (await post(url, 'burn', { action: 'burn', thing: 'x' })).body.confirm
  expect(await tell()).toEqual([['asked', '']])
  await post(url, 'burn', { action: 'burn', thing: 'x', confirm })
  const [done] = await newest(url)
  expect(done).toMatchObject({ outcome: 'done', effect: 'destroy', tool: 'burn' })
  await post(url, 'look', { thing: 'a' })
  await post(url, 'note', { action: 'list' })
  await post(url, 'look', { thing: 7 })
  expect((await newest(url))[0].id).toBe(done.id)
  const all = JSON.stringify((await engines.store.pool.query('select * from audit_log')).rows)
  expect(all).not.toContain(confirm)
})

test('secrets in arguments are masked, long ones cut', async () => {
  const { url } = await server()
  await post(url, 'note', { action: 'add', thing: 'postgres://me:hunter2-word@host/db', api_key: 'sk-live-123456' })
  const [line] = await newest(url)
  expect(line.arguments).toMatchObject({ api_key: '***', thing: 'postgres://me:***@host/db' })
  // Refused because of its length, and cut in the log.
  await post(url, 'note', { action: 'add', thing: 'y'.repeat(100_000), list: Array.from({ length: 5_000 }, (_, i) => i) })
  expect(JSON.stringify((await newest(url))[0]).length).toBeLessThan(2_000)
})

test('the line of a call has its job, and a cancellation has a line', async () => {
  const { url } = await server()
  const { body } = await post(url, 'note', { action: 'add', thing: 'job' }, { headers: { prefer: 'respond-async' } })
  const lines = await newest(url, '?tool=note&limit=1')
  expect(lines[0].job).toBe(body.id)
})

test('the log is read in pages and filtered', async () => {
  const { url } = await server()
  for (const thing of ['1', '2', '3']) await post(url, 'note', { action: 'add', thing }, { token: operator })
  const first = (await ask(url, '/api/v1/audit?caller=ops&limit=2')).body
  const second = (await ask(url, `/api/v1/audit?caller=ops&limit=2&after=${first.next}`)).body
  expect([...first.items, ...second.items].slice(0, 3).map(({ arguments: given }) => given.thing)).toEqual(['3', '2', '1'])
  expect((await ask(url, '/api/v1/audit?outcome=nothing')).status).toBe(400)
})

test('old lines are removed', async () => {
  const { url } = await server()
  await post(url, 'note', { action: 'add', thing: 'old' }, { token: operator })
  const [{ id }] = await newest(url)
  await engines.store.pool.query(`update audit_log set at = at - interval '91 days' where id = $1`, [id])
  await (await AuditLog.open(engines.store.pool)).prune()
  expect((await newest(url))[0]?.id).not.toBe(id)
})
