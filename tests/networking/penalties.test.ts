import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  createPool,
  migrate,
  networkingMigrations,
  type Pool,
  type PostgresRateLimit,
  RateLimitLedger,
  sharedRateLimits,
} from '../../lib/src/base/database/index.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { until } from '../support/until.ts'

const HOUR = 3_600_000
const YEAR = 365 * 24 * HOUR

let database: TestDatabase
let pool: Pool

beforeAll(async () => {
  database = await createDatabase()
  pool = createPool(database.url, { max: 6 })
})

afterAll(async () => {
  await pool.end()
  await database.drop()
})

const make = (service: string, limit = 10) =>
  sharedRateLimits(pool)('key', { service, limit, windowMs: 500, slackMs: 500 }) as PostgresRateLimit
const ledger = () => new RateLimitLedger(pool)
const kept = async (service: string) => (await ledger().list()).find((limit) => limit.service === service)
const digestOf = async (service: string) =>
  (await pool.query<{ key_digest: Buffer }>('select key_digest from network_limits where service = $1', [service])).rows[0]!
    .key_digest

describe('a peer that asks to be left alone for a year', () => {
  it('is left alone for an hour, by whose answer is known, and cleared at once', async () => {
    const limit = make('Year')
    await limit.acquire(1)
    limit.penalize(YEAR, 'Year ping: HTTP 429')
    const asked = Date.now()
    const penalty = await until(async () => (await kept('Year'))?.penalty, 'the penalty')
    expect(penalty.by).toBe('Year ping: HTTP 429')
    expect(penalty.until).toBeGreaterThan(asked + HOUR - 60_000)
    expect(penalty.until).toBeLessThan(asked + HOUR + 60_000)
    expect(await kept('Year')).toMatchObject({ limit: 10, windowMs: 1000, free: 0 })
    expect(await limit.budget()).toMatchObject({ free: 0, penaltyBy: 'Year ping: HTTP 429' })

    const waiting = limit.acquire(1)
    await until(async () => {
      const { rows } = await pool.query('select 1 from network_grants where key_digest = $1 and granted_at > now()', [
        await digestOf('Year'),
      ])
      return rows.length === 1
    }, 'a call in the line')
    expect(await ledger().clear('YEAR')).toEqual(['Year'])
    await waiting
    expect((await kept('Year'))?.penalty).toBeUndefined()
    expect(await ledger().clear('Year')).toEqual([])
    expect(await ledger().clear('Unknown')).toEqual([])
  })

  it('is capped by the database too', async () => {
    await make('Direct').acquire(1)
    const digest = await digestOf('Direct')
    for (let i = 0; i < 3; i++) await pool.query("select qicore_rate_penalize($1, interval '10 years', 'somebody')", [digest])
    const { rows } = await pool.query<{ s: number }>(
      'select extract(epoch from blocked_until - clock_timestamp())::float8 as s from network_limits where key_digest = $1',
      [digest],
    )
    expect(rows[0]?.s).toBeLessThanOrEqual(3600)
    expect(rows[0]?.s).toBeGreaterThan(3500)
  })
})

it('a penalty of a year that was stored before is cut to an hour, with the places behind it', async () => {
  const old = await createDatabase()
  const own = createPool(old.url, { max: 2 })
  try {
    await migrate(own, { component: 'networking', files: networkingMigrations.slice(0, 1) })
    await own.query("select qicore_rate_penalize('key', interval '1 year')")
    await own.query("select qicore_rate_acquire('key', 1, 10, interval '61 s', interval '250 ms', null)")
    await migrate(own, { component: 'networking', files: networkingMigrations })
    const { rows } = await own.query<{ wait_ms: number }>(
      "select wait_ms from qicore_rate_acquire('key', 1, 10, interval '61 s', interval '250 ms', null, 'Old')",
    )
    expect(rows[0]?.wait_ms).toBeGreaterThan(HOUR - 60_000)
    expect(rows[0]?.wait_ms).toBeLessThanOrEqual(HOUR)
    const listed = await new RateLimitLedger(own).list()
    expect(listed).toMatchObject([{ service: 'Old', penalty: { until: expect.any(Number) } }])
  } finally {
    await own.end()
    await old.drop()
  }
})

describe('after a penalty', () => {
  /** By id: milliseconds after the penalty's end. */
  const line = async (service: string) => {
    const { rows } = await pool.query<{ ms: number }>(
      `select (extract(epoch from g.granted_at - l.blocked_until) * 1000)::float8 as ms from network_grants g join network_limits l using (key_digest)
       where l.service = $1 and g.granted_at > l.seen_at order by g.id`,
      [service],
    )
    return rows.map(({ ms }) => Math.round(ms))
  }
  const place = async (service: string) =>
    (
      await pool.query<{ id: string }>(
        "select id from qicore_rate_acquire($1, 1, 10, interval '61 s', interval '250 ms', null, $2)",
        [await digestOf(service), service],
      )
    ).rows[0]!.id
  const penalized = async (service: string, seconds: number) => {
    await make(service).acquire(1)
    const refused = async () =>
      pool.query("select qicore_rate_penalize($1, $2 * interval '1 s', 'it')", [await digestOf(service), seconds])
    await refused()
    return refused
  }

  it('one call probes and the others wait behind it, after any number of refusals', async () => {
    const refused = await penalized('Probe', 60)
    for (let i = 0; i < 4; i++) await place('Probe')
    expect(await line('Probe')).toEqual([0, 15_000, 15_000, 15_000])
    // Calls that were under way at the same time were refused as well.
    for (let i = 0; i < 3; i++) await refused()
    const after = await line('Probe')
    expect(after[0]).toBe(0)
    for (const ms of after.slice(1)) expect(ms).toBe(15_000)
  })

  it('a probe that leaves passes it on to the next; nobody in the line means the next to come', async () => {
    await penalized('Left', 60)
    const first = await place('Left')
    const [second, third] = [await place('Left'), await place('Left')]
    const leave = async (id: string) => pool.query('select qicore_rate_leave($1, $2)', [await digestOf('Left'), id])
    await leave(first)
    expect(await line('Left')).toEqual([15_000, 30_000])
    await leave(second)
    await leave(third)
    await place('Left')
    await place('Left')
    expect(await line('Left')).toEqual([0, 15_000])
  })

  it('a short one makes the others wait as long again, and no longer', async () => {
    await penalized('Short', 2)
    for (let i = 0; i < 2; i++) await place('Short')
    const [probe, other] = await line('Short')
    expect(probe).toBe(0)
    expect(other).toBeGreaterThan(1900)
    expect(other).toBeLessThanOrEqual(2000)
  })
})
