import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createPool } from '../../lib/src/base/database/index.ts'
import { createDatabase } from '../support/database.ts'
import { mostInWindow } from '../support/slidingWindow.ts'

const CALLER = fileURLToPath(new URL('limitedCaller.ts', import.meta.url))
const KEY = 'CG-a-secret-key-of-a-demo-account'
const LIMITS = { service: 'counted', limit: 10, windowMs: 1500, slackMs: 4000 }

let databaseUrl: string

beforeAll(async () => {
  const database = await createDatabase()
  databaseUrl = database.url
  return database.drop
})

interface Counted {
  readonly at: number
  readonly weight: 1
  readonly pid: string
  readonly status: number
}

/** Records the times of calls. */
async function countingServer(answer: (count: number) => number = () => 200) {
  const calls: Counted[] = []
  const waiting: { count: number; resolve: () => void }[] = []
  const server = createServer((request, response) => {
    const status = answer(calls.length)
    const pid = new URL(request.url ?? '', 'http://x').searchParams.get('pid') ?? ''
    calls.push({ at: performance.now(), weight: 1, pid, status })
    response.writeHead(status, status === 429 ? { 'retry-after': '5' } : {}).end('{}')
    for (const { count, resolve } of waiting) if (calls.length >= count) resolve()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const reached = (count: number) => new Promise<void>((resolve) => waiting.push({ count, resolve }))
  return { calls, reached, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

interface Caller {
  readonly child: ChildProcess
  readonly ended: Promise<number | null>
}

/** Processes that start calling at the same moment. */
async function startCallers(count: number, serverUrl: string, calls: number, limits = LIMITS): Promise<readonly Caller[]> {
  const settings = JSON.stringify({ databaseUrl, serverUrl, key: KEY, calls, limits })
  const callers = Array.from({ length: count }, () => {
    const child = spawn(process.execPath, [CALLER, settings], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    onTestFinished(() => void child.kill('SIGKILL'))
    return { child, ended: once(child, 'exit').then(([code]) => code as number | null) }
  })
  await Promise.all(callers.map(({ child }) => once(child, 'message')))
  for (const { child } of callers) child.send('go')
  return callers
}

describe('processes that share one key', () => {
  test('keep its limit in every sliding window, take turns, and outlive one of them; the key is not in the database', async () => {
    const server = await countingServer()
    const callers = await startCallers(4, server.url, 10)
    await server.reached(15)
    callers[0]?.child.kill('SIGKILL')
    expect(await Promise.all(callers.map(({ ended }) => ended))).toEqual([null, 0, 0, 0])

    const { calls } = server
    expect(calls.length).toBeGreaterThanOrEqual(30)
    expect(mostInWindow(calls, LIMITS.windowMs)).toBeLessThanOrEqual(LIMITS.limit)
    // Fair turns: while all wait, none gets more than its share, plus a few calls in progress.
    const byPid = new Set(calls.slice(10, 30).map(({ pid }) => pid))
    expect(byPid.size).toBeGreaterThanOrEqual(3)

    const pool = createPool(databaseUrl, { max: 1 })
    onTestFinished(() => pool.end())
    const { rows } = await pool.query(
      'select l::text as row from network_limits l union all select g::text from network_grants g',
    )
    expect(rows.length).toBeGreaterThan(0)
    expect(JSON.stringify(rows)).not.toContain(KEY)
    const digest = Buffer.from(KEY).toString('hex')
    expect(JSON.stringify(rows)).not.toContain(digest)
  })

  test('all pause when the peer asks one of them to', async () => {
    const server = await countingServer((count) => (count === 4 ? 429 : 200))
    const callers = await startCallers(3, server.url, 120, { ...LIMITS, limit: 1000 })
    expect(await Promise.all(callers.map(({ ended }) => ended))).toEqual([0, 0, 0])
    const after = server.calls.slice(server.calls.findIndex(({ status }) => status === 429))
    const gaps = after.slice(1).map(({ at }, i) => ({ ms: at - after[i]!.at, next: after.slice(i + 1) }))
    const pause = gaps.reduce((a, b) => (a.ms > b.ms ? a : b))
    // The pause is five seconds; part of it passes until the others know.
    expect(pause.ms).toBeGreaterThan(2500)
    expect(new Set(pause.next.map(({ pid }) => pid)).size).toBeGreaterThan(1)
  })
})
