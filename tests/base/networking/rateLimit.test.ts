import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SlidingWindowLimit } from '../../../lib/src/base/networking/index.ts'
import { VirtualClock } from '../../support/virtualClock.ts'

describe('SlidingWindowLimit', () => {
  it('never grants more than the limit in any 60 s, for any order, weights, penalties and aborts', async () => {
    const call = fc.record({
      after: fc.integer({ min: 0, max: 40_000 }),
      weight: fc.integer({ min: 1, max: 4 }),
      givesUpAfter: fc.option(fc.integer({ min: 0, max: 50_000 }), { freq: 4 }),
      penalty: fc.option(fc.integer({ min: 1, max: 90_000 }), { freq: 8 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 4, max: 12 }), fc.array(call, { maxLength: 40 }), async (limit, calls) => {
        const clock = new VirtualClock(1000)
        const rate = new SlidingWindowLimit({ limit, clock, slackMs: 0 })
        const grants: { at: number; weight: number }[] = []
        let blockedUntil = 0
        const all = calls.map(async ({ after, weight, givesUpAfter, penalty }) => {
          await clock.sleep(after)
          const impatience = new AbortController()
          if (givesUpAfter !== null) void clock.sleep(givesUpAfter).then(() => impatience.abort())
          try {
            await rate.acquire(weight, impatience.signal)
          } catch (error) {
            expect(error).toMatchObject({ code: 'CANCELLED' })
            return
          }
          expect(clock.now()).toBeGreaterThanOrEqual(blockedUntil)
          grants.push({ at: clock.now(), weight })
          if (penalty !== null) {
            rate.penalize(penalty)
            blockedUntil = Math.max(blockedUntil, clock.now() + penalty)
          }
        })
        await clock.run(Promise.all(all))
        for (const { at } of grants) {
          const inWindow = grants.filter((grant) => grant.at >= at && grant.at < at + 60_000)
          expect(inWindow.reduce((sum, grant) => sum + grant.weight, 0)).toBeLessThanOrEqual(limit)
        }
        if (calls.every((c) => c.givesUpAfter === null)) expect(grants).toHaveLength(calls.length)
      }),
      { numRuns: 150 },
    )
  })

  it('lets a full window through at once and makes the next caller wait for the oldest to leave, with the slack', async () => {
    const clock = new VirtualClock()
    const rate = new SlidingWindowLimit({ limit: 3, clock })
    for (let i = 0; i < 3; i++) await rate.acquire(1)
    expect(clock.now()).toBe(0)
    await clock.run(rate.acquire(1))
    expect(clock.now()).toBe(61_000)
  })

  it('reports the remaining permits: none during a penalty, all when the calls have left the window', async () => {
    const clock = new VirtualClock()
    const rate = new SlidingWindowLimit({ limit: 3, clock })
    await rate.acquire(2)
    expect(await rate.budget()).toEqual({ limit: 3, windowMs: 61_000, free: 1, penaltyMs: 0 })
    rate.penalize(2000)
    expect(await rate.budget()).toMatchObject({ free: 0, penaltyMs: 2000 })
    await clock.run(clock.sleep(61_000))
    expect(await rate.budget()).toMatchObject({ free: 3, penaltyMs: 0 })
  })

  it('a penalty has a cap, and one call probes after it; the others wait behind that one', async () => {
    const clock = new VirtualClock()
    const rate = new SlidingWindowLimit({ limit: 5, clock })
    rate.penalize(365 * 86_400_000, 'peer ping: HTTP 429')
    rate.penalize(10_000, 'another')
    expect(await rate.budget()).toMatchObject({ free: 0, penaltyMs: 3_600_000, penaltyBy: 'peer ping: HTTP 429' })
    const at: number[] = []
    const calls = Array.from({ length: 3 }, () => rate.acquire(1).then(() => at.push(clock.now())))
    await clock.run(Promise.all(calls))
    expect(at).toEqual([3_600_000, 3_615_000, 3_615_000])
    rate.penalize(2000)
    await clock.run(Promise.all([rate.acquire(1), rate.acquire(1)]))
    expect(clock.now()).toBe(3_619_000)
  })

  it('is first come, first served, and a caller that gives up does not block the others', async () => {
    const clock = new VirtualClock()
    const rate = new SlidingWindowLimit({ limit: 1, clock, slackMs: 0 })
    await rate.acquire(1)
    const order: string[] = []
    const impatient = new AbortController()
    const first = rate.acquire(1).then(() => order.push('first'))
    const second = rate.acquire(1, impatient.signal).catch((error: { code: string }) => order.push(error.code))
    const third = rate.acquire(1).then(() => order.push('third'))
    impatient.abort()
    await second
    expect(order).toEqual(['CANCELLED'])
    await clock.run(Promise.all([first, third]))
    expect(order).toEqual(['CANCELLED', 'first', 'third'])
    expect(clock.now()).toBe(120_000)
  })

  it('refuses a weight that can never be granted', async () => {
    const rate = new SlidingWindowLimit({ limit: 5 })
    await expect(rate.acquire(6)).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    await expect(rate.acquire(0)).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    expect(() => new SlidingWindowLimit({ limit: 0 })).toThrow(/never let a call through/)
  })
})
