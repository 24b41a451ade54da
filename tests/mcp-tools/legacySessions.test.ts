import { afterEach, expect, test, vi } from 'vitest'
import { createServer } from '../../lib/src/mcp-tools/index.ts'
import { LegacySessions } from '../../lib/src/mcp-tools/server/LegacySessions.ts'

const handles = () => Promise.reject(new Error('no tool is called here'))
const servers = () => createServer({ version: '1', tools: [], handles })
const open = (limits = {}) => new LegacySessions(servers, () => {}, limits)

const headers = { accept: 'application/json, text/event-stream', 'content-type': 'application/json' }
const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
}
const ask = (body: object, session?: string) =>
  new Request('http://127.0.0.1/mcp', {
    method: 'POST',
    headers: { ...headers, ...(session && { 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25' }) },
    body: JSON.stringify(body),
  })
const ping = { jsonrpc: '2.0', id: 2, method: 'ping' }

const sender = (name: string, address: string) => ({
  owner: name,
  address,
  caller: { name, role: 'admin', face: 'mcp', address } as const,
})
const alice = sender('alice', '203.0.113.1')
const bob = sender('bob', '203.0.113.2')

async function begin(sessions: LegacySessions, from = alice): Promise<string> {
  const response = await sessions.fetch(ask(initialize), from)
  await response.text()
  return response.headers.get('mcp-session-id') ?? `refused with ${response.status}`
}
const statusOf = async (sessions: LegacySessions, session: string, from = alice): Promise<number> => {
  const response = await sessions.fetch(ask(ping, session), from)
  await response.text()
  return response.status
}

afterEach(() => void vi.useRealTimers())

test('a session answers to the token that opened it, from wherever', async () => {
  const sessions = open()
  const session = await begin(sessions)
  expect(await statusOf(sessions, session)).toBe(200)
  expect(await statusOf(sessions, session, { ...alice, address: '203.0.113.3' })).toBe(200)
  expect(await statusOf(sessions, session, bob)).toBe(404)
  expect(await statusOf(sessions, session)).toBe(200)
  await sessions.close()
})

test('no caller ends the sessions of others: one with too many is refused, or loses its own unused ones', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const sessions = open({ sessions: 6, perCaller: 3 })
  const used = await begin(sessions)
  expect(await statusOf(sessions, used)).toBe(200)
  const bobs = [await begin(sessions, bob), await begin(sessions, bob), await begin(sessions, bob)]
  expect(await begin(sessions, bob)).toBe('refused with 429')
  vi.advanceTimersByTime(11_000)
  const next = await begin(sessions, bob)
  expect(await Promise.all([...bobs, next].map((session) => statusOf(sessions, session, bob)))).toEqual([404, 200, 200, 200])
  expect(await statusOf(sessions, used)).toBe(200)
  vi.advanceTimersByTime(5 * 60_000)
  expect(await begin(sessions, bob)).not.toContain('refused')
  vi.advanceTimersByTime(30 * 60_000)
  await begin(sessions, bob)
  expect(await statusOf(sessions, used)).toBe(404)
  await sessions.close()
})

test('at the limit of all callers a new one is refused and the old ones go on', async () => {
  const sessions = open({ sessions: 2, perCaller: 2 })
  const both = [await begin(sessions), await begin(sessions)]
  expect(await begin(sessions, bob)).toBe('refused with 429')
  for (const session of both) expect(await statusOf(sessions, session)).toBe(200)
  await sessions.close()
})
