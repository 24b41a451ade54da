import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '../../lib/src/base/database/index.ts'
import { decimal, nowMicros, type Price, price as priceType } from '../../lib/src/base/types/index.ts'
import type { BenchContext } from '../context.ts'
import { median } from '../rounds.ts'

/** From how many records on it measures; below, it looks whether it works. */
const FULL = 100_000
const SERIES = [100, 10_000, 100_000]
const PER_SECOND = 2000
/** A source's batch at this rate: so many come at once, so many times a second. */
const BATCH = 40
const LOOK_MS = 500
/** As the platform rolls up unless it is told otherwise. */
const WORKERS = 2
const EVERY_MS = 2000

interface Seen {
  readonly lags: readonly number[]
  /** Milliseconds that the latest candles of one coin took. */
  readonly reads: readonly number[]
  readonly written: number
  readonly rows: number
}

/** How far the rollups are behind while prices of now come in steadily, and what they write a record; by number of series. */
export async function rollupLag({ store, records, note }: BenchContext): Promise<string> {
  const counts = records >= FULL ? SERIES : [5, 20]
  const lines: string[] = []
  for (const count of counts) {
    await store.rollups.turnOff()
    await store.pool.query('truncate crypto_prices_rows')
    const { lags, reads, written, rows } = await live(store, count, records)
    const most = Math.max(...lags)
    const behind = [`${most.toFixed(0)} ms`, `${mean(lags).toFixed(0)} ms`]
    const line = [count.toLocaleString('en'), ...behind, (rows / written).toFixed(2), `${median([...reads]).toFixed(1)} ms`]
    lines.push(`| ${line.join(' | ')} |`)
    note(`${count} series: ${written} prices, at most ${most.toFixed(0)} ms behind`)
  }
  await store.rollups.turnOff()
  await store.pool.query('truncate crypto_prices_rows')
  return [
    `### Rollups behind ${PER_SECOND.toLocaleString('en')} prices a second, ${records.toLocaleString('en')} prices for each number of series`,
    '',
    '| series | lag, most | lag, mean | rows written a price, besides its own and the registry | candles of 5m of a coin, median |',
    '|---|---|---|---|---|',
    ...lines,
  ].join('\n')
}

async function live(store: Store, series: number, records: number): Promise<Seen> {
  await store.rollups.turnOn()
  const before = await rowsWritten(store)
  const stop = new AbortController()
  const kept = Promise.all(Array.from({ length: WORKERS }, () => keepRolling(store, stop.signal)))
  let written = 0
  const lags: number[] = []
  const reads: number[] = []
  const read = async () => {
    const asked = performance.now()
    await store.dsl.getOHLCV({ coin: `coin-${(lags.length * 7919) % series}`, timeframe: '5m', limit: 12 })
    reads.push(performance.now() - asked)
  }
  const looking = (async () => {
    while (!stop.signal.aborted) {
      lags.push((await store.rollups.status()).lagMs)
      if (written > series) await read()
      await sleep(LOOK_MS, undefined, { signal: stop.signal }).catch(() => {})
    }
  })()
  const started = performance.now()
  while (written < records) {
    const batch = Array.from({ length: BATCH }, (_, i) => priceAt(written + i, series))
    const { failed } = await store.timescale.upsert(priceType, batch)
    if (failed[0]) throw failed[0].error
    written += BATCH
    const early = (written / PER_SECOND) * 1000 - (performance.now() - started)
    if (early > 0) await sleep(early)
  }
  stop.abort()
  await Promise.all([kept, looking])
  if (reads.length === 0) await read()
  await store.rollups.catchUp()
  return { lags, reads, written, rows: (await rowsWritten(store)) - before }
}

async function keepRolling(store: Store, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await store.rollups.catchUp({ signal, breathMs: 50 })
    await sleep(EVERY_MS, undefined, { signal }).catch(() => {})
  }
}

/** Rows written, by the server's statistics: each session reports its own with a delay, so it waits until they no longer change. */
async function rowsWritten(store: Store): Promise<number> {
  let last = -1
  for (;;) {
    await store.pool.query('select pg_stat_force_next_flush(), pg_stat_clear_snapshot()')
    const { rows } = await store.pool.query<{ rows: number }>(
      `select sum(n_tup_ins + n_tup_upd)::int as rows from pg_stat_user_tables
       where relname in ('rollups', 'rollup_marks') or relid in (select inhrelid from pg_inherits where inhparent = 'rollups'::regclass)`,
    )
    const now = rows[0]?.rows ?? 0
    if (now === last) return now
    last = now
    await sleep(2000)
  }
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

function priceAt(i: number, series: number): Price {
  const time = nowMicros()
  return {
    coinId: `coin-${i % series}`,
    source: 'bench',
    time,
    receivedAt: time,
    origin: 'live',
    currency: 'usd',
    price: decimal(`${1 + (i % series)}.${1 + (i % 9)}`),
  }
}
