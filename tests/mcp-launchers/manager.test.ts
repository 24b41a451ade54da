import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { silentLogger } from '../../lib/src/base/types/index.ts'
import {
  type LauncherContext,
  MCPServerManager,
  startCoinGeckoMCP,
  startPostgresMCP,
  startRedpandaMCP,
} from '../../lib/src/mcp-launchers/index.ts'
import { until } from '../support/until.ts'
import { fixtureSpec, goneSoon, isRunning, quick, textOf } from './fixture.ts'

function newManager(): MCPServerManager {
  const manager = new MCPServerManager()
  onTestFinished(() => manager.stop())
  return manager
}

const fileName = (): string => join(tmpdir(), `fixture-${crypto.randomUUID()}`)

test('two servers are one catalogue, each tool under the name of its server', async () => {
  const manager = newManager()
  await Promise.all([manager.start('one', fixtureSpec(), quick), manager.start('two', fixtureSpec(), quick)])
  const names = manager.tools().map((tool) => tool.name)
  expect(names).toContain('one__echo')
  expect(names).toContain('two__echo')
  expect(manager.tools().find(({ name }) => name === 'two__echo')).toMatchObject({
    server: 'two',
    tool: 'echo',
    description: 'gives back',
    inputSchema: { required: ['value'] },
  })
  expect(textOf(await manager.callTool('two__echo', { value: 'hello' }))).toBe('"hello"')
  expect(manager.health()).toMatchObject([
    { name: 'one', state: 'ready', restarts: 0, server: 'fixture 1.2.3', tools: 6 },
    { name: 'two', state: 'ready' },
  ])
  await manager.stop('one')
  expect(manager.tools().map((tool) => tool.server)).not.toContain('one')
})

test('startAll starts each server under its name, and a failed one keeps no other from running', async () => {
  const manager = newManager()
  await manager.startAll({ one: fixtureSpec(), two: fixtureSpec() })
  expect(manager.health()).toMatchObject([
    { name: 'one', state: 'ready' },
    { name: 'two', state: 'ready' },
  ])
  const failing = manager.startAll({ a__b: fixtureSpec(), three: fixtureSpec() })
  await expect(failing).rejects.toMatchObject({ code: 'BAD_REQUEST', field: 'name' })
  expect(manager.health().map(({ name }) => name)).toEqual(['one', 'two', 'three'])
})

test.each([
  ['coingecko', startCoinGeckoMCP],
  ['postgres', startPostgresMCP],
  ['redpanda', startRedpandaMCP],
] as const)(
  '%s: a precondition of the official server that does not hold is an error with its remedy, and nothing runs',
  async (_, start) => {
    const manager = newManager()
    const context: LauncherContext = { serversFolder: fileName(), env: {}, logger: silentLogger }
    await expect(start(manager, context)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(': '),
    })
    expect(manager.health()).toEqual([])
  },
)

test('wrong names are answered with the existing ones', async () => {
  const manager = newManager()
  await manager.start('one', fixtureSpec(), quick)
  await expect(manager.callTool('echo')).rejects.toMatchObject({
    code: 'BAD_REQUEST',
    message: expect.stringContaining('server__tool'),
  })
  await expect(manager.callTool('three__echo')).rejects.toMatchObject({
    code: 'NOT_FOUND',
    message: expect.stringContaining('one'),
  })
  await expect(manager.callTool('one__ecco')).rejects.toMatchObject({
    code: 'NOT_FOUND',
    message: expect.stringContaining('echo'),
  })
  await expect(manager.start('one', fixtureSpec())).rejects.toMatchObject({ code: 'CONFLICT' })
  await expect(manager.start('a__b', fixtureSpec())).rejects.toMatchObject({ code: 'BAD_REQUEST', field: 'name' })
  expect((await manager.callTool('one__fails')).isError).toBe(true)
})

/** A second in which this process could work: what came while a busy machine kept it waiting is dealt with before it is up. */
const secondHere = () => setTimeout(1000).then(() => setImmediate('a second has passed'))

test('a crash in the middle of a call is reported within a second, and the server is restarted', async () => {
  const manager = newManager()
  await manager.start('one', fixtureSpec({ helper: true }), quick)
  const { pid } = manager.health()[0] ?? {}
  const { helper } = JSON.parse(textOf(await manager.callTool('one__pids'))) as { helper: number }
  const hanging = manager.callTool('one__hang').catch((error: unknown) => error)
  const crashing = manager.callTool('one__crash').catch((error: unknown) => error)
  await goneSoon(pid ?? 0)
  const ending = {
    code: 'UNAVAILABLE',
    retryable: true,
    message: expect.stringMatching(/in the middle of .* \(exit code 3\); it said: .*about to crash/),
  }
  const late = secondHere()
  expect(await Promise.race([Promise.all([crashing, hanging]), late])).toMatchObject([ending, ending])
  await goneSoon(helper) // what it had started does not outlive it
  await until(() => manager.health()[0]?.state === 'ready', 'the second start')
  expect(manager.health()[0]).toMatchObject({ restarts: 1, lastError: { code: 'UNAVAILABLE' } })
  expect(textOf(await manager.callTool('one__echo', { value: 'again' }))).toBe('"again"')
})

test('a server is ready when it has listed its tools, not when its process runs', async () => {
  const manager = newManager()
  const waitFor = fileName()
  const starting = manager.start('slow', fixtureSpec({ waitFor }), quick)
  await until(() => manager.health()[0]?.state === 'starting', 'its process')
  await expect(manager.callTool('slow__echo', { value: 'early' })).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringContaining('is starting'),
  })
  await writeFile(waitFor, '')
  await starting
  expect(manager.health()[0]?.state).toBe('ready')
})

test('a server that never answers is given up in time, and leaves no process', async () => {
  const manager = newManager()
  const pids: number[] = []
  const kill = vi.spyOn(process, 'kill')
  onTestFinished(() => kill.mockRestore())
  await expect(
    manager.start('mute', fixtureSpec({ waitFor: fileName() }), {
      ...quick,
      startMs: 200,
      backoffMs: 60_000,
      maxBackoffMs: 60_000,
    }),
  ).rejects.toMatchObject({ code: 'TIMEOUT', message: expect.stringContaining('200 ms') })
  for (const [pid] of kill.mock.calls) if (pid < 0) pids.push(-pid)
  expect(pids.length).toBeGreaterThan(0)
  for (const pid of pids) await goneSoon(pid)
})

test('the first start fails, a later one succeeds', async () => {
  const manager = newManager()
  const failOnce = fileName()
  onTestFinished(() => rm(failOnce, { force: true }))
  await expect(manager.start('shy', fixtureSpec({ failOnce }), quick)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringContaining('exit code 7'),
  })
  await until(() => manager.health()[0]?.state === 'ready', 'the second start')
  expect(manager.health()[0]).toMatchObject({ restarts: 1 })
})

test('waits between starts grow, and health says why and when', async () => {
  const manager = newManager()
  const starting = manager.start('broken', fixtureSpec({ exit: 4 }), { ...quick, backoffMs: 5, maxBackoffMs: 40 })
  await expect(starting).rejects.toMatchObject({ message: expect.stringMatching(/exit code 4; it said: the disk is on fire/) })
  await until(() => (manager.health()[0]?.restarts ?? 0) >= 3, 'three more starts')
  expect(manager.health()[0]?.lastError?.message).toContain('the disk is on fire')
  expect(manager.stderr('broken')).toContain('the disk is on fire')
})

test('a program that does not exist is not tried again', async () => {
  const manager = newManager()
  await expect(manager.start('absent', { command: 'no-such-program-here' }, quick)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    field: 'command',
    message: expect.stringContaining('no-such-program-here'),
  })
  expect(manager.health()[0]).toMatchObject({ state: 'failed', restarts: 0 })
})

test('noise on stderr and stdout does no harm; the last of it is kept', async () => {
  const manager = newManager()
  await manager.start('noisy', fixtureSpec({ noise: 5_000 }), quick)
  expect(textOf(await manager.callTool('noisy__echo', { value: 'still here' }))).toBe('"still here"')
  await until(() => manager.stderr('noisy').includes('noise 4999'), 'its last line')
  expect(manager.stderr('noisy').length).toBeLessThan(70_000)
  expect(manager.stderr('noisy')).not.toContain('noise 0 ')
})

test('a server sees the variables that it was given, and none of our keys', async () => {
  vi.stubEnv('COINGECKO_API_KEY', 'a-secret-key')
  vi.stubEnv('QICORE_TOKEN', 'a-secret-token-of-ours')
  vi.stubEnv('ONLY_FOR_IT', 'allowed')
  onTestFinished(() => void vi.unstubAllEnvs())
  const manager = newManager()
  await manager.start('one', fixtureSpec({}, { passEnv: ['ONLY_FOR_IT'], env: { GIVEN: 'given' } }), quick)
  const seen = JSON.parse(textOf(await manager.callTool('one__environment'))) as Record<string, string>
  expect(seen).toMatchObject({ PATH: process.env.PATH, ONLY_FOR_IT: 'allowed', GIVEN: 'given' })
  expect(Object.values(seen).join()).not.toContain('a-secret')
})

test('a call can be given up, or takes too long', async () => {
  const manager = newManager()
  await manager.start('one', fixtureSpec(), { ...quick, endOnTimeout: true })
  const giveUp = new AbortController()
  const hanging = manager.callTool('one__hang', {}, { signal: giveUp.signal })
  giveUp.abort()
  await expect(hanging).rejects.toMatchObject({ code: 'CANCELLED' })
  expect(manager.health()[0]).toMatchObject({ state: 'ready', restarts: 0 })
  await expect(manager.callTool('one__hang', {}, { timeoutMs: 50 })).rejects.toMatchObject({ code: 'TIMEOUT' })
  await until(() => manager.health()[0]?.restarts === 1, 'another start, since the call went on')
})

test('stop leaves nothing running, not even of a server that will not end', async () => {
  const manager = newManager()
  await manager.start('stubborn', fixtureSpec({ stubborn: true, helper: true }), quick)
  await manager.start('polite', fixtureSpec(), quick)
  const { own, helper } = JSON.parse(textOf(await manager.callTool('stubborn__pids'))) as { own: number; helper: number }
  const pids = [own, helper, ...manager.health().map(({ pid }) => pid ?? 0)]
  expect(pids.every(isRunning)).toBe(true)
  const hanging = manager.callTool('polite__hang').catch((error: unknown) => error)
  await manager.stop()
  for (const pid of pids) await goneSoon(pid)
  expect(await hanging).toMatchObject({ code: 'UNAVAILABLE' })
  expect(manager.health().map(({ state }) => state)).toEqual(['stopped', 'stopped'])
  await expect(manager.start('late', fixtureSpec())).rejects.toMatchObject({ code: 'CLOSED' })
})
