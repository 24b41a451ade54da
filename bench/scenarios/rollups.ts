import type { Store } from '../../lib/src/base/database/index.ts'
import { decimal, type Trade, trade } from '../../lib/src/base/types/index.ts'
import type { BenchContext } from '../context.ts'
import { START } from '../prices.ts'
import { interleave, markdown, median, summarise } from '../rounds.ts'

const BATCH = 20_000
const COINS = 50
const DAY = 86_400_000_000
/** As often as the platform rolls up. */
const EVERY_MS = 2000

/** The cost of rollups while trades come in, and their gain: a day of candles of a busy instrument. */
export async function rollups(context: BenchContext): Promise<string> {
  return [await ingest(context), await queries(context)].join('\n\n')
}

async function ingest({ store, records, rounds, note }: BenchContext): Promise<string> {
  const all = [...trades(records, COINS)]
  const behind: number[] = []
  const timings = await interleave(
    {
      'without rollups': async () => {
        await emptied(store)
        return write(store, all)
      },
      'with rollups, a pass every 2 s beside it': async () => {
        await emptied(store)
        await store.rollups.turnOn()
        const stop = new AbortController()
        const passes = keepRolling(store, stop.signal)
        const ms = await write(store, all)
        const started = performance.now()
        stop.abort()
        await passes
        await store.rollups.catchUp()
        behind.push(performance.now() - started)
        return ms
      },
    },
    rounds,
    note,
  )
  await emptied(store)
  const title = `Trades → table, ${records.toLocaleString('en')} trades of ${COINS} instruments in a day, 1 connection`
  const rows = summarise(timings, records, 'without rollups')
  return `${markdown(title, 'rows/s', rows)}\n\nAfter the last trade the rollups were complete within ${Math.round(median(behind))} ms (median).`
}

async function queries({ store, records, rounds, note }: BenchContext): Promise<string> {
  await emptied(store)
  await write(store, [...trades(records, 1)])
  await store.pool.query('vacuum analyze trades_rows')
  const ask = (timeframe: '1m' | '1h') => async () => {
    const started = performance.now()
    const { candles } = await store.dsl.getOHLCV({ coin: 'coin-0', timeframe, from: START, to: START + DAY, limit: 1440 })
    if (candles.length !== (timeframe === '1h' ? 24 : 1440) && records >= 100_000) throw new Error(`${candles.length} candles`)
    return performance.now() - started
  }
  const asked = {
    '1m': await interleave({ off: ask('1m') }, rounds, note),
    '1h': await interleave({ off: ask('1h') }, rounds, note),
  }
  await store.rollups.turnOn()
  await store.rollups.catchUp()
  await store.pool.query('analyze rollups')
  const lines: string[] = []
  for (const timeframe of ['1m', '1h'] as const) {
    const on = await interleave({ on: ask(timeframe) }, rounds, note)
    const [without, rolled] = [median(asked[timeframe].get('off') ?? []), median(on.get('on') ?? [])]
    lines.push(`| ${timeframe} | ${without.toFixed(1)} ms | ${rolled.toFixed(1)} ms | ${(without / rolled).toFixed(0)} × |`)
  }
  await emptied(store)
  return [
    `### A day of candles out of ${records.toLocaleString('en')} trades`,
    '',
    '| | without rollups: median | with | |',
    '|---|---|---|---|',
    ...lines,
  ].join('\n')
}

async function emptied(store: Store): Promise<void> {
  await store.rollups.turnOff()
  await store.pool.query('truncate trades_rows')
  await store.pool.query('checkpoint')
}

async function write(store: Store, records: readonly Trade[]): Promise<number> {
  const started = performance.now()
  for (let from = 0; from < records.length; from += BATCH) {
    const { failed } = await store.timescale.upsert(trade, records.slice(from, from + BATCH))
    if (failed[0]) throw failed[0].error
  }
  return performance.now() - started
}

async function keepRolling(store: Store, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await store.rollups.catchUp({ signal })
    await Promise.race([sleep(EVERY_MS), new Promise((resolve) => signal.addEventListener('abort', resolve))])
  }
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms).unref())

/** Distinct trades of one day, in the order of time. */
function* trades(count: number, coins: number): Generator<Trade> {
  for (let i = 0; i < count; i++) {
    const time = START + Math.floor((i / count) * DAY)
    yield {
      coinId: `coin-${i % coins}`,
      source: 'bench',
      time,
      receivedAt: time + 250_000,
      origin: 'replay',
      currency: 'usd',
      tradeId: String(i),
      side: i % 2 ? 'buy' : 'sell',
      price: decimal(`${100 + (i % 977)}.${String((i * 7919) % 100_000_000).padStart(8, '0')}`.replace(/\.?0+$/, '')),
      amount: decimal(`${1 + (i % 13)}.${1 + (i % 9)}`),
    }
  }
}
