import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { Credits } from '../../../lib/src/publishers/sources/twelvedata/credits.ts'
import { createDatabase } from '../../support/database.ts'
import { mostInWindow } from '../../support/slidingWindow.ts'
import { VirtualClock } from '../../support/virtualClock.ts'
import { KEY, twelveData } from './server.ts'

const PROCESS = fileURLToPath(new URL('./creditProcess.ts', import.meta.url))

test('four processes share both windows of a key: neither is exceeded in any sliding window', { timeout: 120_000 }, async () => {
  const server = await twelveData()
  const database = await createDatabase()
  onTestFinished(database.drop)
  const limits = { perMinute: 4, perDay: 10, minuteMs: 1000, dayMs: 4000, slackMs: 2000, waitMs: 4000 }
  const settings = { databaseUrl: database.url, baseUrl: server.url, apiKey: KEY, calls: 4, limits }
  const children = Array.from({ length: 4 }, () =>
    fork(PROCESS, [JSON.stringify(settings)], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] }),
  )
  const ended = children.map(async (child) => {
    let text = ''
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    const [code] = await once(child, 'close')
    return { code: code as number, text }
  })
  await Promise.all(children.map((child) => once(child, 'message')))
  for (const child of children) child.send('go')
  for (const { code, text } of await Promise.all(ended)) {
    expect(code, text).toBe(0)
    expect(text).not.toContain(KEY)
  }
  const calls = server.asked.filter(({ path }) => !path.startsWith('/warm')).map(({ at }) => ({ at, weight: 1 }))
  expect(calls).toHaveLength(16)
  expect(mostInWindow(calls, limits.minuteMs)).toBeLessThanOrEqual(limits.perMinute)
  expect(mostInWindow(calls, limits.dayMs)).toBeLessThanOrEqual(limits.perDay)
})

test('8 a minute and 800 a day, of two days', async () => {
  const clock = new VirtualClock()
  const credits = new Credits({ perMinute: 8, perDay: 800, clock })
  const calls: { at: number; weight: number }[] = []
  for (let call = 0; call < 1700; call++) {
    await clock.run(credits.acquire(1))
    calls.push({ at: clock.now(), weight: 1 })
  }
  expect(mostInWindow(calls, 60_000)).toBe(8)
  expect(mostInWindow(calls, 86_400_000)).toBe(800)
  expect((calls.at(-1)?.at ?? 0) - (calls[0]?.at ?? 0)).toBeLessThan(2.1 * 86_400_000)
})
