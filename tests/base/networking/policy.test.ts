import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { breakerSettings, CircuitBreaker, policy, policySettings, withTimeout } from '../../../lib/src/base/networking/index.ts'
import { QiError } from '../../../lib/src/base/types/index.ts'
import { networkEvents } from '../../networking/events.ts'
import { VirtualClock } from '../../support/virtualClock.ts'

const down = () => Promise.reject(new QiError('UNAVAILABLE', 'down'))

function turnable(): (ms: number) => void {
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(() => void vi.useRealTimers())
  return (ms) => void vi.setSystemTime(Date.now() + ms)
}

describe('CircuitBreaker', () => {
  const settings = breakerSettings.parse({ failures: 3, open_ms: 1000, max_open_ms: 3000 })

  it('opens after failures in a row, lets one probe through, doubles the wait, closes again', async () => {
    const events = networkEvents()
    const pass = turnable()
    const breaker = new CircuitBreaker('peer', settings)
    let calls = 0
    const failing = () =>
      breaker.execute(() => {
        calls++
        return down()
      })
    for (let i = 0; i < 3; i++) await expect(failing()).rejects.toThrow('down')
    await expect(failing()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      retryAfterMs: 1000,
      message: expect.stringContaining('peer'),
    })
    expect([calls, breaker.state]).toEqual([3, 'open'])

    for (const wait of [1000, 2000, 3000, 3000]) {
      expect(breaker.waitMs).toBe(wait)
      pass(wait)
      expect(breaker.waitMs).toBe(0)
      await expect(failing()).rejects.toThrow('down')
    }
    expect(calls).toBe(7)
    pass(3000)
    const probe = Promise.withResolvers<string>()
    const probing = breaker.execute(() => probe.promise)
    expect(breaker.state).toBe('half-open')
    await expect(failing()).rejects.toThrow(/being tried again/)
    probe.resolve('well')
    expect(await probing).toBe('well')
    expect([calls, breaker.state]).toEqual([7, 'closed'])
    expect(events.filter(({ type }) => type === 'attempt')).toHaveLength(8)
    expect(events.flatMap((event) => (event.type === 'circuit' ? [event.state] : [])).slice(-2)).toEqual(['half-open', 'closed'])
  })

  it('counts only faults of the peer; a success in between starts over', async () => {
    const breaker = new CircuitBreaker('peer', settings)
    for (const code of ['RATE_LIMITED', 'NOT_FOUND', 'UNAUTHORIZED', 'BAD_DATA', 'CANCELLED'] as const)
      for (let i = 0; i < 4; i++)
        await expect(breaker.execute(() => Promise.reject(new QiError(code, 'no')))).rejects.toMatchObject({ code })
    for (let i = 0; i < 4; i++) {
      await expect(breaker.execute(down)).rejects.toThrow()
      await expect(breaker.execute(down)).rejects.toThrow()
      await breaker.execute(async () => {})
    }
    expect(breaker.state).toBe('closed')
  })

  it('an aborted probe does not count', async () => {
    const pass = turnable()
    const breaker = new CircuitBreaker('peer', settings)
    for (let i = 0; i < 3; i++) await expect(breaker.execute(down)).rejects.toThrow()
    pass(1000)
    await expect(breaker.execute(() => Promise.reject(new QiError('CANCELLED', 'stop')))).rejects.toMatchObject({
      code: 'CANCELLED',
    })
    expect(breaker.state).toBe('open')
  })

  it('opens by the share of failures if configured', async () => {
    turnable()
    const breaker = new CircuitBreaker('peer', breakerSettings.parse({ failures: 4, failure_rate: 0.5, window_ms: 1000 }))
    for (let i = 0; i < 20 && breaker.state === 'closed'; i++) {
      await breaker.execute(async () => {})
      await breaker.execute(down).catch(() => {})
      await breaker.execute(down).catch(() => {})
    }
    expect(breaker.state).toBe('open')
  })
})

describe('withTimeout', () => {
  it('aborts the work and names the peer, even if the work ignores the signal', async () => {
    let aborted = false
    const deaf = withTimeout(20, 'a slow peer', (signal) => {
      signal.addEventListener('abort', () => {
        aborted = true
      })
      return new Promise(() => {})
    })
    await expect(deaf).rejects.toMatchObject({ code: 'TIMEOUT', message: 'a slow peer: no answer within 20 ms' })
    expect(aborted).toBe(true)
  })

  it('distinguishes a caller that stops from a slow peer, and leaves answers and other failures unchanged', async () => {
    const abort = new AbortController()
    const stopped = withTimeout(60_000, 'peer', () => new Promise(() => {}), abort.signal)
    abort.abort()
    await expect(stopped).rejects.toMatchObject({ code: 'CANCELLED' })
    await expect(withTimeout(60_000, 'peer', async () => {}, abort.signal)).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(await withTimeout(60_000, 'peer', async (signal) => signal)).toMatchObject({ aborted: false })
    await expect(withTimeout(60_000, 'peer', down)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })
})

describe('policy', () => {
  it('applies the timeout to every attempt, counts it, and retries', async () => {
    const clock = new VirtualClock()
    const events = networkEvents()
    const settings = policySettings.parse({ timeout_ms: 20, retry: { attempts: 4, base_ms: 10 }, breaker: { failures: 10 } })
    const { execute } = policy('peer', settings)
    const answer = execute(async (_, attempt) => (attempt < 2 ? await new Promise<number>(() => {}) : attempt), { clock })
    expect(await clock.run(answer)).toBe(2)
    const types = events.filter((event) => event.type !== 'check').map(({ type }) => type)
    expect(types).toEqual(['timeout', 'attempt', 'retry', 'timeout', 'attempt', 'retry', 'attempt'])
    for (const event of events) expect(event.peer).toBe('peer')
  })

  it('waits for an open circuit within the time, without calling the peer', async () => {
    const pass = turnable()
    const clock = new VirtualClock()
    const settings = policySettings.parse({
      retry: { attempts: 3, base_ms: 1, max_ms: 2 },
      breaker: { failures: 2, open_ms: 5000 },
    })
    const { execute, breaker } = policy('peer', settings)
    let calls = 0
    const failing = () => {
      calls++
      return down()
    }
    await expect(clock.run(execute(failing, { clock }))).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect([calls, breaker.state]).toEqual([2, 'open'])
    const before = clock.now()
    const again = execute(async () => 'well', { clock })
    const done = clock.run(again)
    pass(5000)
    expect(await done).toBe('well')
    expect(clock.now() - before).toBeGreaterThanOrEqual(4000)
  })
})
