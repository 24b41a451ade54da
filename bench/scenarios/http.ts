import type { CryptoFinancialDSL, Store } from '../../lib/src/base/database/index.ts'
import { formatTime, ohlcv, price as priceType, timeframeMicros } from '../../lib/src/base/types/index.ts'
import { bars, inBatches, MINUTE } from '../bars.ts'
import type { BenchContext } from '../context.ts'
import { pgbench, type Requests, wrk } from '../load.ts'
import { COINS, prices, START } from '../prices.ts'
import { interleave, markdown, summarise } from '../rounds.ts'
import { startServer } from '../server.ts'
import { statementOf } from '../statements.ts'

const BARS = 1440
const PER_ROUND = 1000
/** From how many records on it measures; below, it looks whether it works. */
const FULL = 100_000
const SAME = 'pgbench, the statement of the server'

interface Read {
  readonly title: string
  readonly requests: Requests
  /** The same by the verb, of coin 0. */
  readonly verb: (dsl: CryptoFinancialDSL) => Promise<unknown>
  /** The plainest statement that finds the same rows, of one who knows source and currency; `:n` is the number of the coin. */
  readonly plain: string
}

const day = { from: START, to: START + BARS * MINUTE }
const series = (table: string) =>
  `select * from ${table} where coin_id = 'coin-' || (:n)::int and source = 'bench' and currency = 'usd'`
const reads = (coins: number): readonly Read[] => [
  {
    title: 'latest price of a coin',
    requests: { path: '/api/v1/prices/latest?coins=coin-{n}', below: coins },
    verb: (dsl) => dsl.getLatestPrices({ coins: ['coin-0'] }),
    plain: `${series('crypto_prices')} order by time desc limit 1`,
  },
  {
    title: '500 candles',
    requests: { path: '/api/v1/candles?coin=coin-{n}&timeframe=1m&limit=500', below: coins },
    verb: (dsl) => dsl.getOHLCVJson({ coin: 'coin-0', timeframe: '1m', limit: 500 }),
    plain: `${series('ohlcv_data')} and timeframe = '1m' and time < now() order by time desc limit 500`,
  },
  {
    title: 'a day of hourly candles',
    requests: {
      path: `/api/v1/candles?coin=coin-{n}&timeframe=1h&from=${formatTime(day.from)}&to=${formatTime(day.to)}`,
      below: coins,
    },
    verb: (dsl) => dsl.getOHLCVJson({ coin: 'coin-0', timeframe: '1h', ...day }),
    plain: `${series('ohlcv_data')} and timeframe = '1h' and time >= '${formatTime(day.from)}' and time < '${formatTime(day.to)}' order by time desc limit 500`,
  },
]

/** Reads over HTTP, of the real server in a process of its own, beside pgbench on the same rows in the same rounds. */
export async function http({ store, folder, records, rounds, note }: BenchContext): Promise<string> {
  const seconds = records >= FULL ? 5 : 0
  const coins = records >= FULL ? COINS : 10
  await fillTables(store, records, coins)
  await using server = await startServer(folder, store.url)
  const sections: string[] = []
  for (const { title, requests, verb, plain } of reads(coins)) {
    const same = (await statementOf(store, verb)).replaceAll("'coin-0'", "('coin-' || (:n)::int)")
    const options = { folder, seconds }
    const timings = await interleave(
      {
        [SAME]: async () => (PER_ROUND / (await pgbench(store.url, same, requests.below, options))) * 1000,
        HTTP: async () => (PER_ROUND / (await wrk(server.url, requests, options))) * 1000,
        'pgbench, the plainest statement': async () =>
          (PER_ROUND / (await pgbench(store.url, plain, requests.below, options))) * 1000,
      },
      rounds,
      note,
    )
    sections.push(markdown(`HTTP: ${title}, 16 in flight`, 'requests/s', summarise(timings, PER_ROUND, SAME)))
  }
  return sections.join('\n\n')
}

async function fillTables(store: Store, records: number, coins: number): Promise<void> {
  await store.pool.query('truncate crypto_prices_rows, ohlcv_data_rows')
  await inBatches(prices(records), (batch) => store.timescale.upsert(priceType, batch))
  for (const timeframe of ['1m', '1h'] as const) {
    const count = (coins * BARS * MINUTE) / timeframeMicros(timeframe)
    await inBatches(bars({ timeframe, count, coins }), (batch) => store.timescale.upsert(ohlcv, batch))
  }
  await store.pool.query('vacuum analyze crypto_prices_rows, ohlcv_data_rows')
}
