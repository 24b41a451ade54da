import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { createPool, type Pool, type PostgresRateLimit, sharedRateLimits } from '../../../lib/src/base/database/index.ts'
import { NETWORK_CHANNEL, type NetworkEvent } from '../../../lib/src/base/types/index.ts'
import { createDatabase, type TestDatabase } from '../../support/database.ts'
import { until } from '../../support/until.ts'

let database: TestDatabase
let pool: Pool

beforeAll(async () => {
  database = await createDatabase()
  pool = createPool(database.url, { max: 4 })
})

afterAll(async () => {
  await pool.end()
  await database.drop()
})

const limits = { service: 'peer', limit: 3, windowMs: 60_000 }
const make = (key: string) => sharedRateLimits(pool)(key, limits) as PostgresRateLimit

/** Resolves with the next event of the kind. */
function next(type: NetworkEvent['type']): Promise<NetworkEvent> {
  return new Promise((resolve) => {
    const listener = (message: unknown) => {
      if ((message as NetworkEvent).type !== type) return
      unsubscribe(NETWORK_CHANNEL, listener)
      resolve(message as NetworkEvent)
    }
    subscribe(NETWORK_CHANNEL, listener)
    onTestFinished(() => void unsubscribe(NETWORK_CHANNEL, listener))
  })
}

describe('PostgresRateLimit', () => {
  it('is shared by all users of the same service and key, on any pool', async () => {
    const [a, b] = [make('one'), make('one')]
    await a.acquire(2)
    await b.acquire(1)
    const waiting = next('limit-wait')
    const abort = new AbortController()
    const third = a.acquire(1, abort.signal)
    expect(await waiting).toMatchObject({ peer: 'peer', type: 'limit-wait' })
    expect(((await waiting) as { ms: number }).ms).toBeGreaterThan(55_000)
    abort.abort()
    await expect(third).rejects.toMatchObject({ code: 'CANCELLED' })
    await make('another').acquire(3)
  })

  it('gives the place of a caller that leaves to the next in the queue', async () => {
    const limit = make('leaving')
    await limit.acquire(2)
    const waiting = next('limit-wait')
    const abort = new AbortController()
    const heavy = limit.acquire(3, abort.signal)
    await waiting
    const light = limit.acquire(1)
    abort.abort()
    await expect(heavy).rejects.toMatchObject({ code: 'CANCELLED' })
    await light
  })

  it('reports the remaining permits, whoever used the others', async () => {
    expect(await make('budget').budget()).toEqual({ limit: 3, windowMs: 61_000, free: 3, penaltyMs: 0 })
    await make('budget').acquire(2)
    expect(await make('budget').budget()).toMatchObject({ free: 1, penaltyMs: 0 })
    const other = make('budget')
    other.penalize(40_000)
    await until(async () => (await make('budget').budget()).free === 0, 'the penalty to be told')
    expect((await make('budget').budget()).penaltyMs).toBeGreaterThan(35_000)
  })

  it('applies a penalty of the peer to all users', async () => {
    make('asked').penalize(40_000)
    const other = make('asked')
    const { promise: told, resolve } = Promise.withResolvers<void>()
    const listener = (message: unknown) => {
      const event = message as NetworkEvent
      if (event.type === 'limit-wait' && event.ms > 35_000) resolve()
    }
    subscribe(NETWORK_CHANNEL, listener)
    onTestFinished(() => void unsubscribe(NETWORK_CHANNEL, listener))
    // The penalty is written in the background: a permit granted before that is allowed.
    const abort = new AbortController()
    const asking = (async () => {
      for (;;) await other.acquire(0.01, abort.signal)
    })().catch((error: unknown) => error)
    await told
    abort.abort()
    expect(await asking).toMatchObject({ code: 'CANCELLED' })
  })

  it('refuses a weight that can never be granted, and reports a closed pool', async () => {
    await expect(make('k').acquire(4)).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    expect(() => sharedRateLimits(pool)('k', { ...limits, limit: 0 })).toThrow(/never let a call through/)
    const own = createPool(database.url, { max: 1 })
    const limit = sharedRateLimits(own)('closed', limits)
    await limit.acquire(1)
    await own.end()
    await expect(limit.acquire(1)).rejects.toMatchObject({ code: 'CLOSED' })
  })

  it('waits for a database that is away, and goes on when it is back', async () => {
    const own = createPool(database.url, { max: 1 })
    onTestFinished(() => own.end())
    const limit = sharedRateLimits(own)('away', limits)
    await limit.acquire(1)
    const away = next('retry')
    const { rows } = await own.query<{ pid: number }>('select pg_backend_pid() as pid')
    const { connectionString } = own.options
    own.options.connectionString = 'postgres://nobody@127.0.0.1:1/none'
    await pool.query('select pg_terminate_backend($1, 60000)', [rows[0]?.pid])
    const waiting = limit.acquire(1)
    expect(await away).toMatchObject({ code: 'UNAVAILABLE' })
    own.options.connectionString = connectionString as string
    await waiting
  })
})
