import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openStore, type Store } from '../../lib/src/base/database/index.ts'
import { formatTime, ohlcv, parseTime, price, type QiError } from '../../lib/src/base/types/index.ts'
import { type Backfill, type BackfillProgress, loadConfig, openBackfill } from '../../lib/src/streaming/platform/index.ts'
import { createDatabase } from '../support/database.ts'
import { startHistoryServer } from '../support/historyServer.ts'
import { temporary } from '../support/temporary.ts'

const SECOND = 1_000_000
const HOUR = 3600
const at = parseTime

interface Setting {
  readonly store: Store
  readonly backfill: Backfill
}

async function setting(yaml: string): Promise<Setting> {
  const database = await createDatabase()
  onTestFinished(database.drop)
  const folder = await temporary('backfill')
  await writeFile(join(folder, 'qicore.yaml'), yaml)
  const { config } = loadConfig({ cwd: folder, env: { DATABASE_URL: database.url } })
  const store = await openStore({ home: folder, databaseUrl: database.url })
  onTestFinished(() => store.close())
  const backfill = await openBackfill({ config })
  onTestFinished(() => backfill.close())
  return { store, backfill }
}

async function fill({ backfill }: Setting, request: Parameters<Backfill['plan']>[0]) {
  const progress: BackfillProgress[] = []
  const result = await backfill.run(await backfill.plan(request), { onProgress: (one) => progress.push(one) })
  return { ...result, progress }
}

const pricesOf = async (store: Store, coin: string): Promise<[number, string][]> => {
  const { rows } = await store.pool.query<{ s: string; price: string }>(
    'select extract(epoch from time)::bigint::text as s, trim_scale(price)::text as price from crypto_prices where coin_id = $1 order by time',
    [coin],
  )
  return rows.map(({ s, price }) => [Number(s), price])
}

const trimmed = (rows: readonly (readonly [number, string])[]) => rows.map(([s, text]) => [s, text.replace(/\.?0+$/, '')])

/** One day for the whole file, also where midnight comes in between. */
const TODAY = Math.floor(Date.now() / 86_400_000)
/** Midnights of lately, so that the last 365 days hold them. */
const day = (ago: number): number => (TODAY - ago) * 86_400 * SECOND

describe('from a provider', () => {
  const yaml = (url: string) =>
    `sources: { coingecko: { base_url: "${url}", calls_per_minute: 6000, retry: { attempts: 2, base_ms: 5 } } }\n`

  test('hourly prices of 200 days in windows of 90 days, with every digit; held windows are not fetched again', async () => {
    await using server = await startHistoryServer()
    const here = await setting(yaml(server.url))
    const range = { from: day(210), to: day(10) }
    const request = { coins: ['coin-a', 'coin-b'], source: 'coingecko', ...range }
    const first = await fill(here, request)
    expect(first.failures).toEqual([])
    expect(first.empty).toEqual([])
    for (const coin of request.coins)
      expect(await pricesOf(here.store, coin)).toEqual(trimmed(server.truth(coin, range.from / SECOND, range.to / SECOND)))
    const windows = server.windows()
    expect(windows.every(({ from, to }) => to - from <= 90 * 24 * HOUR)).toBe(true)
    expect(windows.length).toBe(first.calls)
    expect(first.progress.at(-1)).toMatchObject({ calls: windows.length, callsInAll: windows.length, records: 2 * 200 * 24 })
    const again = await fill(here, { ...request, to: day(9) })
    expect(again.calls).toBe(2)
    expect(
      server
        .windows()
        .slice(windows.length)
        .every(({ from }) => from === day(10) / SECOND),
    ).toBe(true)
    expect(await here.backfill.coverage.list()).toMatchObject([
      { coinId: 'coin-a', gaps: [], held: [{ from: day(210), to: day(9) }] },
      { coinId: 'coin-b', gaps: [], held: [{ from: day(210), to: day(9) }] },
    ])
  })

  test('an empty window is remembered with its reason, and fetched again only with retry', async () => {
    const holes = [day(20) / SECOND / HOUR, day(19) / SECOND / HOUR]
    let filled = false
    await using server = await startHistoryServer({ hole: (hour) => !filled && hour >= holes[0]! && hour < holes[1]! })
    const here = await setting(yaml(server.url))
    const request = { coins: ['coin-a'], source: 'coingecko', from: day(25), to: day(15) }
    const first = await fill(here, request)
    const hole = { from: day(20) - HOUR * SECOND + 1, to: day(19) }
    expect(first.empty).toMatchObject([{ span: hole, reason: 'coingecko has nothing there' }])
    const [series] = await here.backfill.coverage.list()
    expect(series?.gaps).toMatchObject([{ ...hole, reason: 'provider', settled: { reason: 'coingecko has nothing there' } }])
    expect((await fill(here, request)).calls).toBe(0)
    expect((await fill(here, { gaps: {} })).calls).toBe(0)
    filled = true
    const retried = await fill(here, { gaps: {}, retry: true })
    expect(retried).toMatchObject({ calls: 1, empty: [] })
    expect((await here.backfill.coverage.list())[0]?.gaps).toEqual([])
    expect(await pricesOf(here.store, 'coin-a')).toEqual(trimmed(server.truth('coin-a', day(25) / SECOND, day(15) / SECOND)))
  })

  test('windows beyond the plan are not fetched; windows that the provider refuses are fetched once', async () => {
    await using server = await startHistoryServer({
      answer: ({ query }) =>
        Number(query.get('from')) < day(100) / SECOND
          ? { status: 401, body: '{"error":{"status":{"error_code":10012,"error_message":"beyond the past 365 days"}}}' }
          : undefined,
    })
    const here = await setting(yaml(server.url))
    const request = { coins: ['coin-a'], source: 'coingecko', from: day(800), to: day(10) }
    const first = await fill(here, request)
    expect(first.empty[0]?.reason).toMatch(/keyless plan gives the last 365 days only/)
    expect(first.empty.slice(1).every(({ reason }) => /error 10012/.test(reason))).toBe(true)
    expect(server.windows().every(({ from }) => from > day(366) / SECOND)).toBe(true)
    const calls = server.windows().length
    expect((await fill(here, request)).calls).toBe(0)
    expect(server.windows().length).toBe(calls)
  })

  test('an unknown coin fails alone; the others are fetched', async () => {
    await using server = await startHistoryServer()
    const here = await setting(yaml(server.url))
    const { failures, records } = await fill(here, {
      coins: ['nonsense', 'coin-a'],
      source: 'coingecko',
      from: day(12),
      to: day(10),
    })
    expect(failures.map(({ error }) => [error.code, error.message])).toEqual([
      ['NOT_FOUND', 'CoinGecko has no coin with the id nonsense'],
    ])
    expect(records).toBe(48)
  })

  test('hourly candles with a paid plan, 31 days a call, stamped with their open', async () => {
    await using server = await startHistoryServer()
    const here = await setting(yaml(server.url).replace('coingecko: { ', 'coingecko: { plan: pro, api_key: secret, '))
    const range = { from: day(500), to: day(400) }
    const { calls, records, empty } = await fill(here, { coins: ['coin-a'], source: 'coingecko', timeframe: '1h', ...range })
    expect({ records, empty }).toEqual({ records: 2400, empty: [] })
    expect(calls).toBe(server.windows().length)
    const bars = await here.store.pool.query<{ first: Date; last: Date; n: number }>(
      'select min(time) as first, max(time) as last, count(*)::int as n from ohlcv_data where is_final',
    )
    expect(bars.rows[0]).toEqual({ first: new Date(range.from / 1000), last: new Date(range.to / 1000 - 3_600_000), n: 2400 })
    expect((await here.backfill.coverage.list())[0]?.gaps).toEqual([])
  })

  test('failures of the provider leave no gaps', async () => {
    let asks = 0
    await using server = await startHistoryServer({
      answer: () => {
        asks++
        if (asks % 3 === 1) return { status: 503, body: '' }
        return asks % 3 === 2 ? { fault: 'truncate', body: '{"prices":[[1,2],[3' } : undefined
      },
    })
    const here = await setting(yaml(server.url).replace('attempts: 2', 'attempts: 5'))
    const { empty } = await fill(here, { coins: ['coin-a'], source: 'coingecko', from: day(210), to: day(10) })
    expect(empty).toEqual([])
    expect(await pricesOf(here.store, 'coin-a')).toEqual(trimmed(server.truth('coin-a', day(210) / SECOND, day(10) / SECOND)))
  })
})

describe('gaps', () => {
  const yaml = 'sources: { simulated: { interval_ms: 60000, coins: [bitcoin] } }\n'
  const from = at('2026-01-01T00:00:00Z')

  test('of prices and candles are filled by the source with the same figures', async () => {
    const here = await setting(yaml)
    const whole = { coins: ['bitcoin'], source: 'simulated', from, to: from + 600 * 60 * SECOND }
    await fill(here, whole)
    await fill(here, { ...whole, timeframe: '1m' })
    const rows = async () => {
      const { rows } = await here.store.pool.query(
        `select md5(string_agg(time || ' ' || price || ' ' || market_cap, ',' order by time)) as prices,
         (select md5(string_agg(time || ' ' || open || ' ' || volume, ',' order by time)) from ohlcv_data) as bars from crypto_prices`,
      )
      return rows[0]
    }
    const before = await rows()
    const cut = [formatTime(from + 100 * 60 * SECOND), formatTime(from + 200 * 60 * SECOND)]
    for (const { table } of [price, ohlcv])
      await here.store.pool.query(`delete from ${table} where time >= $1 and time < $2`, cut)
    // Coverage remembers held windows: after rows were deleted by hand, it has to be told.
    await here.store.pool.query('truncate coverage_spans')
    const gaps = (await here.backfill.coverage.list()).map((series) => series.gaps)
    expect(gaps).toMatchObject([
      [{ from: from + 100 * 60 * SECOND, to: from + 200 * 60 * SECOND }],
      [{ from: from + 99 * 60 * SECOND + 1, to: from + 200 * 60 * SECOND }],
    ])
    expect(await fill(here, { gaps: {} })).toMatchObject({ failures: [], empty: [] })
    expect((await here.backfill.coverage.list()).flatMap((series) => series.gaps)).toEqual([])
    expect(await rows()).toEqual(before)
  })

  test('a window that was requested and not stored is a gap, which the next run fetches', async () => {
    const here = await setting(yaml)
    const stop = new AbortController()
    const request = { coins: ['bitcoin'], source: 'simulated', from, to: from + 30_000 * 60 * SECOND }
    const tasks = await here.backfill.plan(request)
    const inAll = await here.backfill.countCalls(tasks)
    const run = here.backfill.run(tasks, { signal: stop.signal, onProgress: () => stop.abort() })
    await expect(run).rejects.toMatchObject({ code: 'CANCELLED' } satisfies Partial<QiError>)
    expect(inAll).toBeGreaterThan(2)
    expect((await fill(here, request)).calls).toBe(inAll - 1)
    const [series] = await here.backfill.coverage.list()
    expect(series).toMatchObject({ gaps: [], held: [{ from, to: from + 30_000 * 60 * SECOND }] })
  })

  test.each([
    [{ from: at('2200-01-01T00:00:00Z') }, 'BAD_REQUEST', /lies in the future/],
    [{ from, to: from }, 'BAD_REQUEST', /not before/],
    [{ from, source: 'replay' }, 'UNSUPPORTED', /gives no history; binance, .*coingecko, .*simulated, .*twelvedata do/],
    [{ from, source: 'simulatet' }, 'NOT_FOUND', /no such source; did you mean simulated/],
  ])('says what is wrong: %o', async (more, code, message) => {
    const here = await setting(yaml)
    const plan = here.backfill.plan({ coins: ['bitcoin'], source: 'simulated', ...more })
    await expect(plan).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
  })
})
