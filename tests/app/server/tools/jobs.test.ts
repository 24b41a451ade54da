import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { Tokens } from '../../../../lib/src/mcp-tools/index.ts'
import { testDatabase } from '../../../support/database.ts'
import { until } from '../../../support/until.ts'
import { answerOf } from '../documented.ts'
import { type Engines, openEngines, serving } from '../served.ts'
import { eventsOf } from './events.ts'
import { ask, post } from './posting.ts'
import { did, slowSteps, trialTools, withTools } from './trialTools.ts'

const { url: database } = await testDatabase()
let engines: Engines
beforeAll(async () => {
  engines = await openEngines(database)
})
afterAll(() => engines[Symbol.asyncDispose]())
beforeEach(() => {
  slowSteps.go = Promise.withResolvers()
})

const server = (more = {}) => serving(withTools(engines), { tools: trialTools, jobs: { lookMs: 50 }, ...more })
const isolated = { headers: { prefer: 'respond-async' } }
const ended = async (url: string, path: string, token?: string) =>
  until(async () => {
    const { body } = await ask(url, path, { token })
    return body.state !== 'running' && body
  }, 'the job to end')

test('a long tool answers with a job, whose events have progress and result', async () => {
  const { url } = await server()
  const { status, headers, body } = await post(url, 'long', { thing: 'a job' })
  const path = headers.get('location') ?? ''
  expect([status, path]).toEqual([202, `/api/v1/jobs/${body.id}`])
  answerOf('/api/v1/tools/{name}', 202, 'post')(body)
  const events = await eventsOf(`${url}${path}/events`)
  const seen = []
  for (let event = await events.next(); event; event = await events.next()) {
    seen.push(event)
    answerOf('/api/v1/jobs/{id}', 200)(event.data)
    if (event.data.progress?.done === 1) slowSteps.go.resolve()
  }
  expect(seen.map(({ id }) => id)).toEqual([...new Set(seen.map(({ id }) => id))].sort((a, b) => a - b))
  expect(seen.map(({ data }) => data.progress?.message)).toEqual(expect.arrayContaining(['the first step', 'the second step']))
  expect(seen.at(-1)).toMatchObject({ event: 'done', data: { state: 'done', result: { thing: 'a job' } } })
  expect((await ask(url, path)).body).toMatchObject({ state: 'done', result: { thing: 'a job' }, arguments: { thing: 'a job' } })
})

test('a client that reconnects with the id of its last event gets newer events, none twice', async () => {
  const { url } = await server()
  const { body } = await post(url, 'slow', { thing: 'resumed' }, isolated)
  const path = `${url}/api/v1/jobs/${body.id}/events`
  const first = await eventsOf(path)
  let last = await first.next()
  while (last && last.data.progress?.done !== 1) last = await first.next()
  await first.close()
  slowSteps.go.resolve()
  await ended(url, `/api/v1/jobs/${body.id}`)
  const again = await eventsOf(path, { 'last-event-id': String(last?.id) })
  const rest = await again.next()
  expect(rest).toMatchObject({ event: 'done', data: { result: { thing: 'resumed' } } })
  expect(rest?.id).toBeGreaterThan(last?.id ?? Number.POSITIVE_INFINITY)
  expect(await again.next()).toBeUndefined()
  const none = await eventsOf(path, { 'last-event-id': String(rest?.id) })
  expect(await none.next()).toBeUndefined()
})

test('a call that outlasts the wait becomes a job', async () => {
  const { url } = await server()
  const { status, body } = await post(url, 'slow', { thing: 'outlasts' }, { headers: { prefer: 'wait=1' } })
  expect([status, body.state]).toEqual([202, 'running'])
  slowSteps.go.resolve()
  expect(await ended(url, `/api/v1/jobs/${body.id}`)).toMatchObject({ state: 'done', result: { thing: 'outlasts' } })
})

test('a call that is no job ends when its caller disconnects', async () => {
  const { url } = await server()
  const gone = new AbortController()
  const before = slowSteps.begun
  const calling = fetch(`${url}/api/v1/tools/slow`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', prefer: 'wait=30' },
    body: JSON.stringify({ thing: 'left alone' }),
    signal: gone.signal,
  }).catch(() => undefined)
  await until(() => slowSteps.begun > before, 'the call to begin')
  gone.abort()
  await calling
  const line = await until(async () => {
    const { items } = (await ask(url, '/api/v1/audit?tool=slow&limit=1')).body
    return items[0]?.outcome !== 'started' && items[0]
  }, 'the call to end')
  expect(line).toMatchObject({ outcome: 'failed', error: expect.stringContaining('the caller has gone') })
  expect(did).not.toContain('left alone')
})

test('a job is cancelled, here and through another server', async () => {
  const [here, there] = [await server(), await server()]
  for (const { url } of [here, there]) {
    const { body } = await post(here.url, 'long', { thing: 'cancelled' })
    const cancelled = await ask(url, `/api/v1/jobs/${body.id}`, { method: 'DELETE' })
    expect(cancelled.status).toBe(202)
    expect(await ended(there.url, `/api/v1/jobs/${body.id}`)).toMatchObject({
      state: 'cancelled',
      error: { code: 'CANCELLED', message: expect.stringContaining('cancelled by') },
    })
  }
  expect(did).not.toContain('cancelled')
})

test('jobs are listed newest first, in pages, to their own caller', async () => {
  const { url } = await server()
  slowSteps.go.resolve()
  const { secret } = await (await Tokens.open(engines.store.pool)).create({ name: 'lister', role: 'operator' })
  const ids: string[] = []
  for (const thing of ['x', 'y', 'z'])
    ids.unshift((await post(url, 'slow', { thing }, { ...isolated, token: secret })).body.id as string)
  const page = async (query: string) => (await ask(url, `/api/v1/jobs${query}`, { token: secret })).body
  const first = await page('?limit=2')
  answerOf('/api/v1/jobs', 200)(first)
  const second = await page(`?limit=2&after=${first.next}`)
  expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(ids)
  expect(second.next).toBeUndefined()
  const { secret: stranger } = await (await Tokens.open(engines.store.pool)).create({ name: 'stranger', role: 'operator' })
  expect((await ask(url, '/api/v1/jobs', { token: stranger })).body.items).toEqual([])
  expect((await ask(url, `/api/v1/jobs/${ids[0]}`, { token: stranger })).status).toBe(404)
  expect((await ask(url, `/api/v1/jobs/${ids[0]}`)).status).toBe(200)
  for (const id of ids) await ended(url, `/api/v1/jobs/${id}`)
})

test('a failed job has its error', async () => {
  const { url } = await server()
  const { body } = await post(url, 'note', { action: 'add', thing: 'impossible' }, isolated)
  expect(await ended(url, `/api/v1/jobs/${body.id}`)).toMatchObject({
    state: 'failed',
    error: { code: 'CONFLICT', field: 'thing', message: expect.stringContaining('choose another') },
  })
})

test('a too long result is not kept, and the job says so', async () => {
  const { url } = await server()
  slowSteps.go.resolve()
  const { body } = await post(url, 'slow', { thing: 'wordy', letters: 1_100_000 }, isolated)
  const job = await ended(url, `/api/v1/jobs/${body.id}`)
  expect(job).toMatchObject({ state: 'done', result_left_out: expect.stringContaining('ask for less at once') })
  expect(job.result).toBeUndefined()
})

test('jobs of a caller are limited', async () => {
  const { url } = await server({ jobs: { jobsPerCaller: 2, lookMs: 50 } })
  const { secret: token } = await (await Tokens.open(engines.store.pool)).create({ name: 'eager', role: 'operator' })
  const begin = () => post(url, 'slow', { thing: 'many' }, { ...isolated, token })
  const jobs = [await begin(), await begin()]
  const refused = await begin()
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '5'])
  expect(refused.body.detail).toContain('2 jobs of eager run')
  slowSteps.go.resolve()
  for (const { body } of jobs) await ended(url, `/api/v1/jobs/${body.id}`, token)
  expect((await begin()).status).toBe(202)
})

test('a server that stops ends its jobs, and says so', async () => {
  const [stopping, staying] = [await server(), await server()]
  const { body } = await post(stopping.url, 'long', { thing: 'stopped' })
  await stopping.close()
  expect((await ask(staying.url, `/api/v1/jobs/${body.id}`)).body).toMatchObject({
    state: 'cancelled',
    error: { message: 'the server was stopped' },
  })
})

test('a job whose process is killed is lost at once, and its key gives that answer', async () => {
  const child = spawn(process.execPath, [fileURLToPath(new URL('trialServer.ts', import.meta.url))], {
    env: { ...process.env, TEST_DATABASE: database },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [printed] = (await once(child.stdout, 'data')) as [Buffer]
  const theirs = printed.toString().trim()
  const { url } = await server()
  const options = { headers: { 'idempotency-key': 'killed', prefer: 'respond-async' } }
  const { body } = await post(theirs, 'slow', { thing: 'killed' }, options)
  const path = `/api/v1/jobs/${body.id}`
  const events = await eventsOf(`${url}${path}/events`)
  expect(await events.next()).toMatchObject({ event: 'running' })
  await until(async () => (await ask(url, path)).body.progress?.done === 1, 'the job to be under way')
  child.kill('SIGKILL')
  await once(child, 'exit')
  const lost = await ended(url, path)
  expect(lost).toMatchObject({
    state: 'lost',
    error: { code: 'UNAVAILABLE', message: expect.stringContaining('the process that ran this job is gone') },
  })
  answerOf('/api/v1/jobs/{id}', 200)(lost)
  let last = await events.next()
  for (let event = last; event; event = await events.next()) last = event
  expect(last?.event).toBe('lost')
  const again = await post(url, 'slow', { thing: 'killed' }, options)
  expect([again.status, again.body.code, again.body.retryable]).toEqual([503, 'UNAVAILABLE', false])
  expect((await ask(url, '/api/v1/audit?tool=slow&outcome=started')).body.items).toContainEqual(
    expect.objectContaining({ job: body.id, caller: 'loopback' }),
  )
})
