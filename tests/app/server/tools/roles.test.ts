import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Role, Tokens } from '../../../../lib/src/mcp-tools/index.ts'
import { testDatabase } from '../../../support/database.ts'
import { until } from '../../../support/until.ts'
import { type Engines, openEngines, serving } from '../served.ts'
import { connect, subscribed } from '../webSocket.ts'
import { eventsOf } from './events.ts'
import { ask, post } from './posting.ts'
import { did, slowSteps, trialTools, withTools } from './trialTools.ts'

const { url: database } = await testDatabase()
let engines: Engines
let tokens: Tokens
const secrets = {} as Record<Role, string>
beforeAll(async () => {
  engines = await openEngines(database)
  tokens = await Tokens.open(engines.store.pool)
  for (const role of ['viewer', 'operator', 'admin'] as const)
    secrets[role] = (await tokens.create({ name: `the-${role}`, role })).secret
})
afterAll(() => engines[Symbol.asyncDispose]())

const server = (more = {}) => serving(withTools(engines), { tools: trialTools, ...more })
const configured = 'a-token-of-enough-length'

describe('each role may do what the table says', () => {
  const calls: readonly [string, Record<string, unknown>, Role][] = [
    ['look', { thing: 'a' }, 'viewer'],
    ['note', { action: 'list' }, 'viewer'],
    ['note', { action: 'add', thing: 'b' }, 'operator'],
    ['burn', { action: 'list' }, 'viewer'],
    ['burn', { action: 'light', thing: 'c' }, 'operator'],
    ['burn', { action: 'burn', thing: 'd' }, 'admin'],
  ]
  const order: readonly Role[] = ['viewer', 'operator', 'admin']
  test.each(order.flatMap((role) => calls.map(([tool, input, least]) => ({ role, tool, input, least }))))(
    '$role calls $tool $input',
    async ({ role, tool, input, least }) => {
      const { url } = await server({ token: configured })
      const before = did.length
      const { status, body } = await post(url, tool, input, { token: secrets[role] })
      if (order.indexOf(role) < order.indexOf(least)) {
        expect(status).toBe(403)
        expect(body).toMatchObject({
          code: 'FORBIDDEN',
          field: 'authorization',
          detail: expect.stringContaining(`needs the role ${least}`),
        })
        expect(did.length).toBe(before)
      } else if (input.action === 'burn')
        expect([status, body.confirm.question]).toEqual([409, 'Burn d? It cannot be brought back.'])
      else expect(status).toBe(200)
    },
  )
})

test('a missing or wrong token is 401, an insufficient role is 403', async () => {
  const { url } = await server({ token: configured })
  expect((await post(url, 'look', { thing: 'a' })).status).toBe(401)
  expect((await post(url, 'look', { thing: 'a' }, { token: 'qi_nothing' })).status).toBe(401)
  expect((await post(url, 'note', { action: 'add' }, { token: secrets.viewer })).status).toBe(403)
  expect((await post(url, 'note', { action: 'add' }, { token: configured })).status).toBe(200)
})

test('reads, the WebSocket and MCP know the same tokens', async () => {
  const { url } = await server({ token: configured })
  const { viewer } = secrets
  expect((await ask(url, '/api/v1/status', { token: viewer })).status).toBe(200)
  expect((await ask(url, '/api/v1/audit', { token: viewer })).status).toBe(403)
  const live = await connect(url, { headers: { authorization: `Bearer ${viewer}` } })
  live.send({ type: 'ping' })
  expect(await live.next()).toEqual({ type: 'pong' })
  const asking = await connect(url)
  asking.send({ type: 'auth', token: viewer })
  expect(await asking.next()).toEqual({ type: 'authorized' })
  const mcp = await fetch(`${url}/mcp`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${viewer}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'stream_crypto_data', arguments: { action: 'stop', source: 'simulated' } },
    }),
  })
  const said = await mcp.text()
  expect(said).toContain('FORBIDDEN')
  expect(said).toContain('needs the role operator')
})

test('on loopback a caller without a token is an admin, unless the configuration says otherwise', async () => {
  const open = await server()
  expect((await post(open.url, 'note', { action: 'add', thing: 'e' })).status).toBe(200)
  const viewing = await server({ loopback_role: 'viewer' })
  expect((await post(viewing.url, 'look', { thing: 'e' })).status).toBe(200)
  expect((await post(viewing.url, 'note', { action: 'add', thing: 'e' })).status).toBe(403)
  // The role of the token takes precedence over the role of loopback.
  expect((await post(viewing.url, 'note', { action: 'add', thing: 'e' }, { token: secrets.operator })).status).toBe(200)
  const closed = await server({ loopback_role: 'none' })
  expect((await ask(closed.url, '/api/v1/status')).status).toBe(401)
  expect((await ask(closed.url, '/api/v1/status', { token: secrets.viewer })).status).toBe(200)
})

test('a token is rotated without a restart: both work until the old one is revoked', async () => {
  const { url } = await server({ token: configured })
  const old = await tokens.create({ name: 'rotated', role: 'operator' })
  const status = async (token: string) => (await ask(url, '/api/v1/status', { token })).status
  await until(async () => (await status(old.secret)) === 200, 'the token to be known')
  const next = await tokens.create({ name: 'rotated', role: 'operator' })
  await until(async () => (await status(next.secret)) === 200, 'the new token to be known')
  expect(await status(old.secret)).toBe(200)
  expect(await tokens.revoke(old.id)).toEqual([{ id: old.id, name: 'rotated', role: 'operator' }])
  await until(async () => (await status(old.secret)) === 401, 'the old token to be refused')
  expect(await status(next.secret)).toBe(200)
  // A revoked token is refused, also on loopback.
  expect(
    await (await fetch(`${(await server()).url}/api/v1/status`, { headers: { authorization: `Bearer ${old.secret}` } })).status,
  ).toBe(401)
})

test('an expired token is refused, and only hashes are stored', async () => {
  const { url } = await server({ token: configured })
  const { id, secret } = await tokens.create({ name: 'brief', role: 'admin', validDays: 1 })
  await until(async () => (await ask(url, '/api/v1/status', { token: secret })).status === 200, 'the token to be known')
  await engines.store.pool.query(`update access_tokens set expires_at = now() - interval '1 second' where id = $1`, [id])
  await until(async () => (await ask(url, '/api/v1/status', { token: secret })).status === 401, 'the token to be refused')
  const { rows } = await engines.store.pool.query('select access_tokens::text as row from access_tokens')
  expect(JSON.stringify(rows)).not.toContain(secret.slice(3))
})

test.each([
  ['revoked', 'revoked_at = now()'],
  ['expired', "expires_at = now() - interval '1 second'"],
])(
  'connections of a token are closed once it is %s: WebSockets, live events and events of jobs; those of another token stay',
  async (_what, ended) => {
    const { url } = await server({ token: configured })
    const [leaving, staying] = await Promise.all(['leaves', 'stays'].map((name) => tokens.create({ name, role: 'operator' })))
    const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` })
    const byHeader = await subscribed(url, {}, { headers: bearer(leaving!.secret) })
    const byMessage = await connect(url)
    byMessage.send({ type: 'auth', token: leaving!.secret })
    await byMessage.next('authorized')
    const other = await subscribed(url, {}, { headers: bearer(staying!.secret) })
    slowSteps.go = Promise.withResolvers()
    const { body } = await post(url, 'long', { thing: 'goes on' }, { token: leaving!.secret })
    const events = await eventsOf(`${url}/api/v1/jobs/${body.id}/events`, bearer(leaving!.secret))
    expect((await events.next())?.event).toBe('running')
    const live = await eventsOf(`${url}/api/v1/live?channel=prices`, bearer(leaving!.secret))
    expect((await live.next())?.data).toMatchObject({ type: 'subscribed' })

    await engines.store.pool.query(`update access_tokens set ${ended} where id = $1`, [leaving!.id])
    const closed = { code: 4401, reason: 'the token was revoked or has expired' }
    expect(await Promise.all([byHeader.closed, byMessage.closed])).toEqual([closed, closed])
    for (let event = await events.next(); event; event = await events.next()) expect(event.event).toBe('running')
    expect(await live.next()).toBeUndefined()
    other.send({ type: 'ping' })
    expect(await other.next('pong')).toEqual({ type: 'pong' })
    slowSteps.go.resolve()
  },
)

test('the list of tools shows the calls that its caller may make', async () => {
  const { url } = await server({ token: configured })
  const allowed = async (token: string) =>
    Object.fromEntries(
      (await ask(url, '/api/v1/tools', { token })).body.items.map((tool: { name: string; allowed: string }) => [
        tool.name,
        tool.allowed,
      ]),
    )
  expect(await allowed(secrets.viewer)).toEqual({ look: 'all', note: 'some', burn: 'some', slow: 'none', long: 'none' })
  expect(await allowed(secrets.operator)).toEqual({ look: 'all', note: 'all', burn: 'some', slow: 'all', long: 'all' })
  expect(await allowed(configured)).toEqual({ look: 'all', note: 'all', burn: 'all', slow: 'all', long: 'all' })
})

test('in an MCP session each call has the role of its token', async () => {
  const { url } = await server({ token: configured })
  const said = async (token: string) => {
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    }
    const send = (body: object, more = {}) =>
      fetch(`${url}/mcp`, { method: 'POST', headers: { ...headers, ...more }, body: JSON.stringify({ jsonrpc: '2.0', ...body }) })
    const clientInfo = { name: 'test', version: '1' }
    const opened = await send({
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo },
    })
    await opened.text()
    const session = { 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '', 'mcp-protocol-version': '2025-11-25' }
    const params = { name: 'stream_crypto_data', arguments: { action: 'stop', source: 'simulated' } }
    return (await send({ id: 2, method: 'tools/call', params }, session)).text()
  }
  expect(await said(secrets.viewer)).toContain('needs the role operator')
  expect(await said(secrets.operator)).not.toContain('FORBIDDEN')
})
