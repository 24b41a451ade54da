import { describe, expect, test } from 'vitest'
import { QiError, silentLogger } from '../../lib/src/base/types/index.ts'
import { Supervisor } from '../../lib/src/streaming/platform/index.ts'

const stopped = (signal: AbortSignal) => new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))

describe('Supervisor', () => {
  test('restarts a failed part until it runs, and keeps the failure', async () => {
    const supervisor = new Supervisor(silentLogger, { baseMs: 1, maxMs: 2 })
    const third = Promise.withResolvers<void>()
    let runs = 0
    supervisor.add('part', async (signal) => {
      if (++runs < 3) throw new QiError('UNAVAILABLE', `failure ${runs}`)
      third.resolve()
      await stopped(signal)
    })
    await third.promise
    expect(supervisor.status()).toMatchObject([
      { name: 'part', state: 'running', restarts: 2, lastError: { message: 'failure 2' } },
    ])
    await supervisor.stop()
    expect(supervisor.status()).toMatchObject([{ state: 'stopped' }])
  })

  test('restart() starts a waiting part at once, and a running part once it has drained', async () => {
    const supervisor = new Supervisor(silentLogger, { baseMs: 3_600_000 })
    const failed = Promise.withResolvers<void>()
    const begun: string[] = []
    const again = Promise.withResolvers<void>()
    supervisor.add('part', async (signal) => {
      begun.push('run')
      if (begun.length === 1) {
        setImmediate(failed.resolve)
        throw new QiError('UNAVAILABLE', 'no')
      }
      again.resolve()
      await stopped(signal)
      begun.push('drained')
    })
    await failed.promise
    await supervisor.restart('part')
    await again.promise
    expect(supervisor.status()).toMatchObject([{ state: 'running', restarts: 1 }])
    await supervisor.restart('part')
    expect(begun).toEqual(['run', 'run', 'drained', 'run'])
    await expect(supervisor.restart('path')).rejects.toMatchObject({ code: 'NOT_FOUND', field: 'part' })
    await supervisor.remove('part')
    expect(supervisor.status()).toEqual([])
  })

  test('a final failure is reported once; the part stays failed until it is restarted', async () => {
    const told: string[] = []
    const failed = Promise.withResolvers<void>()
    const supervisor = new Supervisor(silentLogger, {
      baseMs: 1,
      isFinal: (part, { code }) => part === 'file' && code === 'BAD_DATA',
      onFinal: (part, { message }) => {
        told.push(`${part}: ${message}`)
        failed.resolve()
      },
    })
    let runs = 0
    const again = Promise.withResolvers<void>()
    supervisor.add('file', async (signal) => {
      if (++runs === 1) throw new QiError('BAD_DATA', 'cut')
      again.resolve()
      await stopped(signal)
    })
    await failed.promise
    expect(runs).toBe(1)
    expect(told).toEqual(['file: cut'])
    expect(supervisor.status()).toMatchObject([{ state: 'failed', restarts: 0, lastError: { message: 'cut' } }])
    expect(supervisor.runs('file')).toBe(false)
    await supervisor.restart('file')
    await again.promise
    expect(supervisor.status()).toMatchObject([{ state: 'running' }])
    await supervisor.stop()
  })

  test('a part that returns by itself is finished, and not restarted', async () => {
    const supervisor = new Supervisor(silentLogger)
    let runs = 0
    supervisor.add('part', async () => {
      runs++
    })
    await supervisor.stop()
    expect(runs).toBe(1)
  })

  test('stop interrupts the wait before a restart', async () => {
    const supervisor = new Supervisor(silentLogger, { baseMs: 3_600_000 })
    const failed = Promise.withResolvers<void>()
    supervisor.add('part', async () => {
      setImmediate(failed.resolve)
      throw new Error('no')
    })
    await failed.promise
    expect(supervisor.status()[0]?.state).toBe('restarting')
    await supervisor.stop()
    expect(supervisor.status()[0]?.state).toBe('stopped')
  })

  test('waits as long as the peer asks for', async () => {
    const supervisor = new Supervisor(silentLogger, { baseMs: 1, maxMs: 2 })
    const failed = Promise.withResolvers<void>()
    supervisor.add('part', async () => {
      setImmediate(failed.resolve)
      throw new QiError('RATE_LIMITED', 'slow down', { retryAfterMs: 60_000 })
    })
    await failed.promise
    const [status] = supervisor.status()
    expect((status?.retryAt ?? 0) - (status?.since ?? 0)).toBeGreaterThanOrEqual(60_000)
    await supervisor.stop()
  })

  test('refuses two parts of one name', async () => {
    const supervisor = new Supervisor(silentLogger)
    supervisor.add('part', stopped)
    expect(() => supervisor.add('part', stopped)).toThrow(/part named part runs already/)
    await supervisor.stop()
  })
})
