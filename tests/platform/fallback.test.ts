import { describe, expect, test } from 'vitest'
import { type CheckResult, QiError } from '../../lib/src/base/types/index.ts'
import { runWithFallback } from '../../lib/src/streaming/platform/sources/fallback.ts'

const reached: CheckResult = { ok: true, summary: 'reached' }
const unreached: CheckResult = { ok: false, summary: 'refused', error: new QiError('UNAVAILABLE', 'refused') }
const until = (signal: AbortSignal) =>
  new Promise<void>((resolve) => (signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve())))

describe('runWithFallback', () => {
  test('runs the fallback only while the provider cannot be reached', async () => {
    const stop = new AbortController()
    const events: string[] = []
    const answers = [unreached, unreached, reached, reached]
    await runWithFallback(
      {
        recheckMs: 1,
        check: async () => answers.shift() ?? reached,
        primary: async (signal) => {
          events.push('primary runs')
          stop.abort()
          await until(signal)
        },
        fallback: async (signal) => {
          events.push('fallback runs')
          await until(signal)
          events.push('fallback ends')
        },
        onChange: (running, reason) => events.push(`${running}: ${reason}`),
      },
      stop.signal,
    )
    expect(events).toEqual(['fallback: refused', 'fallback runs', 'fallback ends', 'primary: reached', 'primary runs'])
  })

  test('switches to the fallback when the primary loses its provider', async () => {
    const stop = new AbortController()
    const events: string[] = []
    let lost = false
    await runWithFallback(
      {
        recheckMs: 60_000,
        check: async () => (lost ? unreached : reached),
        primary: async () => {
          lost = true
          throw new QiError('UNAVAILABLE', 'gone')
        },
        fallback: async () => {
          events.push('fallback runs')
          stop.abort()
        },
        onChange: () => {},
      },
      stop.signal,
    )
    expect(events).toEqual(['fallback runs'])
  })

  test('a refused key is reported, not hidden behind simulated prices', async () => {
    const refused: CheckResult = { ok: false, summary: 'key refused', error: new QiError('UNAUTHORIZED', 'key refused') }
    const running = runWithFallback(
      {
        recheckMs: 1,
        check: async () => refused,
        primary: async () => {},
        fallback: () => Promise.reject(new Error('must not run')),
        onChange: () => {},
      },
      new AbortController().signal,
    )
    await expect(running).rejects.toThrow('key refused')
  })
})
