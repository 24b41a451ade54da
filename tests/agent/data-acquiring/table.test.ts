import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { createPool } from '../../../lib/src/base/database/index.ts'
import { config } from '../../../lib/src/publishers/agents/data-acquiring/config.ts'
import { jobsOf } from '../../../lib/src/publishers/agents/data-acquiring/jobs.ts'
import { WatchTable } from '../../../lib/src/publishers/agents/data-acquiring/table/WatchTable.ts'
import { testDatabase } from '../../support/database.ts'
import { until } from '../../support/until.ts'

const { url } = await testDatabase()
const pool = createPool(url)
afterAll(() => pool.end())
const open = () => WatchTable.open(pool, pool)
await (await open()).close()
beforeEach(async () => {
  await pool.query("truncate acquiring_jobs; update acquiring_pace set next_at = '-infinity'")
})

const candles = (coin: string, max_age: string, priority = 'normal') => ({ coins: [coin], kind: 'ohlc', max_age, priority })
const listOf = (...watch: readonly object[]) => jobsOf(config.parse({ watch }).watch)
const THREE = listOf(candles('low', '10m', 'low'), candles('high', '1h', 'high'), candles('normal', '30m'))
const NO_SPACING = 0

async function take(table: WatchTable): Promise<string | undefined> {
  const { job } = await table.claim(NO_SPACING)
  return job?.kind === 'ohlc' ? job.coin : undefined
}

describe('the table of watched jobs', () => {
  test('gives each job to one process, the earliest promise first, and the time until the next is due', async () => {
    await using one = await open()
    await using two = await open()
    await one.sync(THREE)
    expect([await take(one), await take(two), await take(one)]).toEqual(['low', 'normal', 'high'])
    expect(await two.claim(NO_SPACING)).toMatchObject({ job: undefined, idle: true })
    const [, , low] = [...THREE].reverse()
    await one.done(low as never, 0)
    const { idle, waitMs } = (await two.claim(NO_SPACING)) as { idle: boolean; waitMs: number }
    expect(idle).toBe(true)
    expect(waitMs).toBeGreaterThan(8.9 * 60_000)
    expect(waitMs).toBeLessThanOrEqual(9 * 60_000)
  })

  test('gives higher priorities first while promises are overdue', async () => {
    await using table = await open()
    await table.sync(THREE)
    await pool.query("update acquiring_jobs set deadline = deadline - interval '1 day'")
    expect([await take(table), await take(table), await take(table)]).toEqual(['high', 'normal', 'low'])
  })

  test('spaces the calls of all processes, and makes up for few missed slots', async () => {
    await using one = await open()
    await using two = await open()
    await one.sync(listOf(...Array.from({ length: 8 }, (_, i) => candles(`coin-${i}`, '1h'))))
    const spacing = 600_000
    const claims = [await one.claim(spacing), await two.claim(spacing), await one.claim(spacing), await two.claim(spacing)]
    expect(claims.map(({ job }) => job !== undefined)).toEqual([true, true, true, false])
    expect(claims[3]).toMatchObject({ idle: false })
  })

  test('frees the jobs of a dead process only', async () => {
    await using one = await open()
    const two = await open()
    await one.sync(THREE)
    expect([await take(one), await take(two)]).toEqual(['low', 'normal'])
    await one.freeDead()
    expect((await pool.query('select from acquiring_jobs where leased_by is not null')).rowCount).toBe(2)
    await two.close()
    // The server lets go of what a session held once it has seen it end.
    await until(async () => {
      await one.freeDead()
      return (await pool.query('select from acquiring_jobs where leased_by is not null')).rowCount === 1
    }, 'what the other had to be free')
    expect([await take(one), await take(one), await take(one)]).toEqual(['normal', 'high', undefined])
  })

  test('ignores a process that settles a job it no longer holds', async () => {
    await using one = await open()
    await using two = await open()
    const [job] = THREE
    await one.sync([job as never])
    await take(one)
    await two.done(job as never, 0)
    expect(await one.states()).toMatchObject([{ fetched: false, done: 0 }])
  })

  test('counts late answers, and postpones failed jobs', async () => {
    await using table = await open()
    await table.sync(THREE)
    await pool.query("update acquiring_jobs set deadline = deadline - interval '1 day', added_at = added_at - interval '1 day'")
    const [low, high] = THREE as [never, never]
    for (let i = 0; i < 3; i++) await take(table)
    await table.done(low, 2000)
    await table.failed(high, 'no such coin')
    expect(await take(table)).toBeUndefined()
    const states = await table.states()
    const of = (coin: string) => states.find(({ job }) => job.kind === 'ohlc' && job.coin === coin)
    expect(of('low')).toMatchObject({ fetched: true, done: 1, late: 1, failures: 0, problem: null })
    expect(of('low')?.ageMs).toBeGreaterThanOrEqual(2000)
    expect(of('high')).toMatchObject({ fetched: false, done: 0, failures: 1, problem: 'no such coin' })
    expect(of('high')?.ageMs).toBeGreaterThanOrEqual(86_400_000)
  })

  test('replaces the watched jobs, and keeps the state of those that stay', async () => {
    await using table = await open()
    await table.sync(THREE)
    const [low] = THREE as [never]
    await take(table)
    await table.done(low, 0)
    await table.sync(listOf(candles('low', '2h', 'high'), candles('new', '1h')))
    expect(await table.states()).toMatchObject([
      { job: { coin: 'low', maxAgeMs: 7_200_000, priority: 'high' }, fetched: true, done: 1 },
      { job: { coin: 'new' }, fetched: false },
    ])
    const { rows } = await pool.query(
      "select due_at - fetched_at = interval '108 min' as due, deadline - fetched_at = interval '2 h' as deadline from acquiring_jobs where fetched_at is not null",
    )
    expect(rows).toEqual([{ due: true, deadline: true }])
  })

  test('lets no process start a call during a rest', async () => {
    await using one = await open()
    await using two = await open()
    await one.sync(THREE)
    await one.rest(60_000)
    expect(await two.claim(NO_SPACING)).toMatchObject({ job: undefined, idle: false })
  })
})
