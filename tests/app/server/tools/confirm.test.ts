import { afterAll, beforeAll, expect, test } from 'vitest'
import { Tokens } from '../../../../lib/src/mcp-tools/index.ts'
import { testDatabase } from '../../../support/database.ts'
import { answerOf } from '../documented.ts'
import { type Engines, openEngines, serving } from '../served.ts'
import { post } from './posting.ts'
import { did, trialTools, withTools } from './trialTools.ts'

const { url: database } = await testDatabase()
let engines: Engines
let url: string
beforeAll(async () => {
  engines = await openEngines(database)
})
afterAll(() => engines[Symbol.asyncDispose]())

const start = async () => {
  url = (await serving(withTools(engines), { tools: trialTools })).url
}
let things = 0
const fresh = () => `wood ${things++}`
const burn = (thing: string, more: Record<string, unknown> = {}, options = {}) =>
  post(url, 'burn', { action: 'burn', thing, ...more }, options)

test('a destroying call is refused first with a question and a token; the same call with the token runs once', async () => {
  await start()
  const thing = fresh()
  const asked = await burn(thing)
  expect(asked.status).toBe(409)
  answerOf('/api/v1/tools/{name}', 409, 'post')(asked.body)
  expect(asked.body).toMatchObject({
    code: 'CONFLICT',
    field: 'confirm',
    confirm: { question: `Burn ${thing}? It cannot be brought back.`, valid_seconds: 300 },
  })
  const confirm = asked.body.confirm.token as string
  expect(did).not.toContain(`burn ${thing}`)
  expect(await burn(thing, { confirm })).toMatchObject({ status: 200, body: { thing } })
  const again = await burn(thing, { confirm })
  expect(again.status).toBe(409)
  expect(again.body.detail).toMatch(/is used up/)
  expect(did.filter((one) => one === `burn ${thing}`)).toHaveLength(1)
})

test('a token is not valid for other arguments or another tool, and an attempt uses it up', async () => {
  await start()
  const [one, other] = [fresh(), fresh()]
  const { token: confirm } = (await burn(one)).body.confirm
  expect((await burn(other, { confirm })).status).toBe(409)
  expect((await burn(one, { confirm })).status).toBe(409)
  expect(did).not.toContain(`burn ${one}`)
  expect(did).not.toContain(`burn ${other}`)
  const { token } = (await burn(one)).body.confirm
  expect(await post(url, 'note', { action: 'add', thing: one, confirm: token })).toMatchObject({
    status: 400,
    body: { code: 'BAD_REQUEST', field: 'confirm' },
  })
})

test('a token is valid for its caller alone', async () => {
  await start()
  const tokens = await Tokens.open(engines.store.pool)
  const { secret } = await tokens.create({ name: 'another', role: 'admin' })
  const thing = fresh()
  const { token: confirm } = (await burn(thing)).body.confirm
  expect((await burn(thing, { confirm }, { token: secret })).status).toBe(409)
  expect(did).not.toContain(`burn ${thing}`)
})

test('a token expires after five minutes', async () => {
  await start()
  const thing = fresh()
  const { token: confirm } = (await burn(thing)).body.confirm
  await engines.store.pool.query(`update tool_consents set expires_at = now() - interval '1 second'`)
  expect((await burn(thing, { confirm })).status).toBe(409)
  expect(did).not.toContain(`burn ${thing}`)
})

test('`confirm: true` without a token is refused', async () => {
  await start()
  for (const confirm of [true, 'yes']) expect((await burn(fresh(), { confirm })).status).toBe(409)
})

test('with an idempotency key consent works under the same key, and a repetition does nothing', async () => {
  await start()
  const thing = fresh()
  const options = { headers: { 'idempotency-key': `burning ${thing}`.replaceAll(' ', '-') } }
  const { token: confirm } = (await burn(thing, {}, options)).body.confirm
  expect(await burn(thing, { confirm }, options)).toMatchObject({ status: 200, body: { thing } })
  const again = await burn(thing, { confirm }, options)
  expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([200, 'true'])
  expect(did.filter((one) => one === `burn ${thing}`)).toHaveLength(1)
})
