import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { Pools } from '../../lib/src/base/database/index.ts'
import { checkAllWithin, checkWithin } from '../../lib/src/base/networking/index.ts'
import { createDatabase } from '../support/database.ts'

describe('checks with a deadline', () => {
  test('end in time, whatever the work does, and never throw', async () => {
    const report = await checkAllWithin(50, {
      well: async () => ({ ok: true, summary: 'answers' }),
      hanging: () => new Promise(() => {}),
      throwing: async () => {
        throw new TypeError('a defect')
      },
      'throwing at once': () => {
        throw new Error('before it began')
      },
    })
    expect(report.ok).toBe(false)
    expect(report.checks).toMatchObject([
      { name: 'well', ok: true },
      { name: 'hanging', ok: false, error: { code: 'TIMEOUT' }, summary: 'hanging: no answer within 50 ms' },
      { name: 'throwing', ok: false, summary: 'a defect' },
      { name: 'throwing at once', ok: false, summary: 'before it began' },
    ])
  })

  test('tell the work that nobody waits any more', async () => {
    const told = Promise.withResolvers<void>()
    const report = await checkWithin(20, 'slow', async (signal) => {
      signal.addEventListener('abort', () => told.resolve())
      return await new Promise(() => {})
    })
    expect(report).toMatchObject({ ok: false, name: 'slow' })
    await told.promise
  })
})

describe('pools of several databases', () => {
  let first: string
  let second: string

  beforeAll(async () => {
    const made = await Promise.all([createDatabase(), createDatabase()])
    first = made[0].url
    second = made[1].url
    return async () => {
      for (const { drop } of made) await drop()
    }
  })

  test('are made once by name, measured and checked apart, and closed together', async () => {
    const pools = new Pools()
    const a = pools.open('a', first, { max: 2 })
    expect(pools.open('a', first)).toBe(a)
    expect(() => pools.open('a', second)).toThrow(/another database/)
    pools.open('b', second, { max: 3 })
    expect(pools.get('b')).not.toBe(a)
    expect(() => pools.get('c')).toThrow(/known pools: a, b/)
    expect(await pools.health()).toMatchObject({
      ok: true,
      checks: [
        { name: 'a', ok: true },
        { name: 'b', ok: true },
      ],
    })
    expect(pools.sizes()).toMatchObject([
      { name: 'a', total: 1, idle: 1, waiting: 0, max: 2 },
      { name: 'b', max: 3 },
    ])
    await pools.close()
    await pools.close()
    await expect(a.query('select 1')).rejects.toThrow()
    expect(() => pools.open('d', first)).toThrow(/closed/)
  })

  test('a database that accepts and never answers, or is not there, spoils no other', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    onTestFinished(() => void silent.close())
    const { port } = silent.address() as AddressInfo
    const pools = new Pools()
    pools.open('well', first)
    pools.open('silent', `postgres://me@127.0.0.1:${port}/x`, { connectTimeoutMs: 10_000 })
    pools.open('gone', 'postgres://me@127.0.0.1:1/x')
    const { ok, checks } = await pools.health(6000)
    expect(ok).toBe(false)
    expect(checks).toMatchObject([
      { name: 'well', ok: true },
      { name: 'silent', ok: false, error: { code: 'TIMEOUT' } },
      { name: 'gone', ok: false, error: { code: 'UNAVAILABLE' } },
    ])
    await pools.close()
  })
})
