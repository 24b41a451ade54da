import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { breakerSettings, LoadBalancer, withTimeout } from '../../lib/src/base/networking/index.ts'
import { QiError, toQiError } from '../../lib/src/base/types/index.ts'
import { networkEvents } from './events.ts'
import { startEndpoint } from './servers.ts'

const breaker = breakerSettings.parse({ failures: 2, open_ms: 5000 })

/** Circuits look at the date alone, which the test turns; timers stay the system's. */
function turnable(): (ms: number) => void {
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(() => void vi.useRealTimers())
  return (ms) => void vi.setSystemTime(Date.now() + ms)
}

const call = (url: string): Promise<string> => callWithin(60_000, url)
const callWithin = (ms: number, url: string): Promise<string> =>
  withTimeout(ms, url, async (signal) => {
    const response = await fetch(url, { signal }).catch((error: unknown) => {
      throw signal.aborted ? error : toQiError(error)
    })
    if (!response.ok) throw new QiError('UNAVAILABLE', `status ${response.status}`)
    await response.text()
    return url
  })

async function three(strategy: 'round_robin' | 'least_pending' = 'round_robin') {
  const endpoints = [await startEndpoint(), await startEndpoint(), await startEndpoint()] as const
  const balancer = new LoadBalancer({ service: 'three', endpoints: endpoints.map(({ url }) => url), strategy, breaker })
  return { endpoints, balancer }
}

describe('several endpoints of one service', () => {
  test('are called in turn', async () => {
    const { endpoints, balancer } = await three()
    for (let i = 0; i < 9; i++) await balancer.run(call)
    expect(endpoints.map(({ asked }) => asked)).toEqual([3, 3, 3])
  })

  test.each(['fail', 'hang', 'drop'] as const)(
    'one that does nothing but %s costs no call, is ejected, and returns',
    async (behaviour) => {
      const events = networkEvents()
      const pass = turnable()
      const { endpoints, balancer } = await three()
      const [bad] = endpoints
      bad.behaviour = behaviour
      // Endpoints that answer may be slow on a busy machine.
      const call = (url: string) => callWithin(url === bad.url && bad.behaviour === 'hang' ? 1000 : 60_000, url)
      for (let i = 0; i < 20; i++) expect(await balancer.run(call)).not.toBe(bad.url)
      expect(bad.asked).toBe(2)
      expect(balancer.status().map(({ state }) => state)).toEqual(['open', 'closed', 'closed'])

      pass(5001)
      for (let i = 0; i < 5; i++) await balancer.run(call)
      expect(bad.asked).toBe(3) // one probe, which failed: the next is due after twice as long
      pass(5001)
      await balancer.run(call)
      expect(bad.asked).toBe(3)

      bad.behaviour = 'answer'
      pass(5000)
      expect(await balancer.run(call)).toBe(bad.url)
      expect(balancer.status().every(({ state }) => state === 'closed')).toBe(true)
      const told = events.flatMap((event) =>
        event.type === 'ejected' || event.type === 'returned' ? [[event.type, event.endpoint]] : [],
      )
      expect(told).toEqual([
        ['ejected', bad.url],
        ['returned', bad.url],
      ])
    },
  )

  test('all gone: UNAVAILABLE says when it is tried again, and it goes on when they are back', async () => {
    const pass = turnable()
    const { endpoints, balancer } = await three()
    await Promise.all(endpoints.map((endpoint) => endpoint.stop()))
    for (let i = 0; i < 2; i++) await expect(balancer.run(call)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await expect(balancer.run(call)).rejects.toMatchObject({ code: 'UNAVAILABLE', retryAfterMs: expect.any(Number) })
    await Promise.all(endpoints.map((endpoint) => endpoint.start()))
    pass(5001)
    await balancer.run(call)
  })

  test('what is no fault of the endpoint is thrown as it is, and ejects nobody', async () => {
    const { balancer } = await three()
    let calls = 0
    for (let i = 0; i < 5; i++)
      await expect(
        balancer.run(async () => {
          calls++
          throw new QiError('UNAUTHORIZED', 'wrong key')
        }),
      ).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
    expect(calls).toBe(5)
    expect(balancer.status().every(({ state }) => state === 'closed')).toBe(true)
  })

  test('the one with the fewest calls under way goes first, where that is asked for', async () => {
    const { balancer, endpoints } = await three('least_pending')
    const slow = Promise.withResolvers<void>()
    const used: string[] = []
    const held = balancer.run(async (url) => {
      used.push(url)
      await slow.promise
    })
    for (let i = 0; i < 6; i++) used.push(await balancer.run(async (url) => url))
    expect(used.filter((url) => url === endpoints[0].url)).toHaveLength(1)
    slow.resolve()
    await held
  })

  test('an abort ends the search', async () => {
    const { balancer } = await three()
    const abort = new AbortController()
    const calls: string[] = []
    const running = balancer.run(async (url) => {
      calls.push(url)
      abort.abort()
      throw new QiError('UNAVAILABLE', 'down')
    }, abort.signal)
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(calls).toHaveLength(1)
  })
})
