import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { openStore } from '../../lib/src/base/database/index.ts'
import { type History, parseTime, silentLogger } from '../../lib/src/base/types/index.ts'
import { sourceDefinitions } from '../../lib/src/publishers/index.ts'
import { loadConfig, openBackfill } from '../../lib/src/streaming/platform/index.ts'
import { createDatabase } from '../support/database.ts'
import { temporary } from '../support/temporary.ts'

async function setting() {
  const database = await createDatabase()
  onTestFinished(database.drop)
  const folder = await temporary('backfill-trades')
  await writeFile(join(folder, 'qicore.yaml'), 'sources: { simulated: { coins: [bitcoin, ethereum], trade_ms: 250 } }\n')
  const { config } = loadConfig({ cwd: folder, env: { DATABASE_URL: database.url } })
  const store = await openStore({ home: folder, databaseUrl: database.url })
  onTestFinished(() => store.close())
  const backfill = await openBackfill({ config, logger: silentLogger })
  onTestFinished(() => backfill.close())
  const numbers = async (coin: string) => {
    const { rows } = await store.pool.query<{ n: string; from: string; to: string }>(
      'select count(*) as n, min(sequence) as from, max(sequence) as to from trades where coin_id = $1',
      [coin],
    )
    const [row] = rows
    return { count: Number(row?.n), first: Number(row?.from), last: Number(row?.to) }
  }
  return { store, backfill, numbers }
}

const FROM = parseTime('2026-01-01T00:00:00Z')
const MINUTE = 60_000_000
const FIRST = FROM / 250_000

test('trades of a time span; a gap in the middle tells how many are missing, and exactly these are fetched', async () => {
  const { store, backfill, numbers } = await setting()
  const request = {
    coins: ['bitcoin', 'ethereum'],
    source: 'simulated',
    type: 'trade',
    from: FROM,
    to: FROM + 60 * MINUTE,
  } as const
  const first = await backfill.run(await backfill.plan(request))
  expect(first).toMatchObject({ records: 2 * 14_400, empty: [], failures: [] })
  expect(await numbers('bitcoin')).toEqual({ count: 14_400, first: FIRST, last: FIRST + 14_399 })
  const { coverage } = backfill
  expect((await coverage.list()).map(({ type, coinId, gaps }) => [type, coinId, gaps])).toEqual([
    ['trade', 'bitcoin', []],
    ['trade', 'ethereum', []],
  ])
  // As if they had never come, nor been looked at.
  const cut = { first: FIRST + 5000, last: FIRST + 5122 }
  await store.pool.query('delete from trades where coin_id = $1 and sequence between $2 and $3', ['bitcoin', cut.first, cut.last])
  await store.pool.query('delete from coverage_spans; update coverage_series set seen = null')
  const [bitcoin, ethereum] = await coverage.list()
  expect(ethereum?.gaps).toEqual([])
  expect(bitcoin?.gaps).toMatchObject([
    { numbers: cut, missing: 123, from: (cut.first - 1) * 250_000, to: (cut.last + 1) * 250_000 + 1 },
  ])
  const tasks = await backfill.plan({ gaps: {} })
  expect(tasks).toMatchObject([{ spans: [], numbered: [cut] }])
  expect(await backfill.run(tasks)).toMatchObject({ calls: 1, records: 123, overwritten: 0, empty: [], failures: [] })
  expect(await numbers('bitcoin')).toMatchObject({ count: 14_400 })
  expect(await backfill.plan({ gaps: {} })).toEqual([])
  expect((await coverage.list()).flatMap(({ gaps }) => gaps)).toEqual([])
})

test('held trades are not fetched again; more than one call gives takes several windows', async () => {
  const { store, backfill, numbers } = await setting()
  const request = { coins: ['bitcoin'], source: 'simulated', type: 'trade', from: FROM, to: FROM + 120 * MINUTE } as const
  await backfill.run(await backfill.plan(request))
  const cut = { first: FIRST + 1, last: FIRST + 28_798 }
  await store.pool.query('delete from trades where sequence between $1 and $2', [cut.first, cut.last])
  await store.pool.query('delete from coverage_spans; update coverage_series set seen = null')
  const filled = await backfill.run(await backfill.plan({ gaps: { types: ['trade'] } }))
  expect(filled).toMatchObject({ calls: 3, records: 28_798 })
  expect(await numbers('bitcoin')).toEqual({ count: 28_800, first: FIRST, last: FIRST + 28_799 })
  expect((await backfill.run(await backfill.plan({ ...request, from: FROM + 10 * MINUTE, to: FROM + 20 * MINUTE }))).calls).toBe(
    0,
  )
})

test('a source without trade history is refused by name, and left out of a request for all gaps', async () => {
  const { store, backfill } = await setting()
  const failed = await backfill.run(
    await backfill.plan({ coins: ['bitcoin'], source: 'simulated', type: 'quote', from: FROM, to: FROM + MINUTE }),
  )
  expect(failed.failures.map(({ error }) => [error.code, error.message])).toEqual([
    ['UNSUPPORTED', 'the simulated market has no history of quote'],
  ])
  await store.pool.query(`insert into coverage_sessions (source, started_at, seen_at, ended) values
    ('simulated', '2026-01-01', '2026-01-01 00:10Z', true), ('simulated', '2026-01-01 00:20Z', '2026-01-01 01:00Z', true)`)
  await store.pool.query(`insert into quotes (coin_id, source, time, received_at, origin, currency, sequence, bid, bid_size, ask, ask_size)
    select 'bitcoin', 'simulated', t, t, 'live', 'usd', 1, 1, 1, 1, 1 from (values ('2026-01-01 00:05Z'::timestamptz), ('2026-01-01 00:55Z')) as v (t)`)
  const [quotes] = await backfill.coverage.list({ types: ['quote'] })
  expect(quotes?.gaps).toMatchObject([{ from: FROM + 10 * MINUTE, to: FROM + 20 * MINUTE, reason: 'stopped' }])
  expect(await backfill.plan({ gaps: {} })).toEqual([])
})

test('a provider without numbers is asked for the time span; trades that it does not give are settled by number', async () => {
  const { store, backfill, numbers } = await setting()
  const simulated = sourceDefinitions.simulated as NonNullable<(typeof sourceDefinitions)[string]>
  const given = simulated.history?.bind(simulated) as NonNullable<typeof simulated.history>
  const lost = new Set([FIRST + 20_000, FIRST + 20_001])
  const asked: number[] = []
  const byTime = (inner: History): History => ({
    currencies: inner.currencies,
    offers: () => inner.offers(),
    plan: (series, from, to) => inner.plan(series, from, to),
    async *fetch(series, window, signal) {
      asked.push(window.to - window.from)
      for await (const batch of inner.fetch(series, window, signal))
        yield { ...batch, records: batch.records.filter(({ sequence }) => !lost.has(sequence as number)) }
    },
    close: () => inner.close(),
    [Symbol.asyncDispose]: () => inner.close(),
  })
  const history = vi.spyOn(simulated, 'history').mockImplementation(async (...args) => byTime(await given(...args)))
  onTestFinished(() => history.mockRestore())
  const request = { coins: ['bitcoin'], source: 'simulated', type: 'trade', from: FROM, to: FROM + 120 * MINUTE } as const
  await backfill.run(await backfill.plan(request))
  await store.pool.query('delete from trades where sequence between $1 and $2', [FIRST + 100, FIRST + 28_000])
  await store.pool.query('delete from coverage_spans; update coverage_series set seen = null')
  asked.length = 0
  const filled = await backfill.run(await backfill.plan({ gaps: {} }))
  // Both neighbours may share their moment with what is missing, and come again.
  expect(filled).toMatchObject({ records: 27_901 - 2 + 2, failures: [], empty: [{ reason: 'simulated has nothing there' }] })
  expect(asked.length).toBeGreaterThan(1)
  expect(await numbers('bitcoin')).toMatchObject({ count: 28_798 })
  const [series] = await backfill.coverage.list()
  expect(series?.gaps).toMatchObject([
    { numbers: { first: FIRST + 20_000, last: FIRST + 20_001 }, missing: 2, reason: 'provider' },
  ])
  expect(await backfill.plan({ gaps: {} })).toEqual([])
  lost.clear()
  const again = await backfill.run(await backfill.plan({ gaps: {}, retry: true }))
  expect(again.empty).toEqual([])
  expect((await backfill.coverage.list()).flatMap(({ gaps }) => gaps)).toEqual([])
})
