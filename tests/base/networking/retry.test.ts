import { describe, expect, it } from 'vitest'
import { retry } from '../../../lib/src/base/networking/index.ts'
import { QiError } from '../../../lib/src/base/types/index.ts'
import { VirtualClock } from '../../support/virtualClock.ts'

const unavailable = () => new QiError('UNAVAILABLE', 'down')

describe('retry', () => {
  it('tries again after growing waits until it succeeds', async () => {
    const clock = new VirtualClock()
    const waits: number[] = []
    const answer = retry(
      async (attempt) => {
        if (attempt < 3) throw unavailable()
        return attempt
      },
      { attempts: 5, baseMs: 100, maxMs: 400, clock, onRetry: ({ waitMs }) => waits.push(waitMs) },
    )
    expect(await clock.run(answer)).toBe(3)
    expect(waits).toHaveLength(3)
    expect(clock.now()).toBeCloseTo(waits.reduce((a, b) => a + b))
    for (const wait of waits) expect(wait).toBeLessThanOrEqual(400)
  })

  it('throws a permanent error at once, and the last error when the attempts are used up', async () => {
    const clock = new VirtualClock()
    let calls = 0
    const failing = (error: QiError) => async () => {
      calls++
      throw error
    }
    await expect(clock.run(retry(failing(new QiError('NOT_FOUND', 'none')), { clock }))).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
    expect(calls).toBe(1)
    calls = 0
    await expect(clock.run(retry(failing(unavailable()), { clock, attempts: 3 }))).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(calls).toBe(3)
  })

  it('waits as long as the peer asked, but starts no wait beyond the total', async () => {
    const clock = new VirtualClock()
    const limited = (ms: number) => async (attempt: number) => {
      if (attempt === 0) throw new QiError('RATE_LIMITED', 'slow down', { retryAfterMs: ms })
      return clock.now()
    }
    expect(await clock.run(retry(limited(60_000), { clock }))).toBe(60_000)
    await expect(retry(limited(3_600_000), { clock })).rejects.toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: 3_600_000 })
    expect(clock.now()).toBe(60_000)
  })

  it('stops sleeping when aborted', async () => {
    const clock = new VirtualClock()
    const abort = new AbortController()
    const asleep = Promise.withResolvers<void>()
    const answer = retry(() => Promise.reject(unavailable()), { clock, signal: abort.signal, onRetry: () => asleep.resolve() })
    await asleep.promise
    abort.abort()
    await expect(answer).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(clock.now()).toBe(0)
  })

  it('classifies errors that are no QiError', async () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    const clock = new VirtualClock()
    let calls = 0
    const answer = retry(
      async () => {
        calls++
        throw refused
      },
      { clock, attempts: 2 },
    )
    await expect(clock.run(answer)).rejects.toMatchObject({ code: 'UNAVAILABLE', cause: refused })
    expect(calls).toBe(2)
  })
})
