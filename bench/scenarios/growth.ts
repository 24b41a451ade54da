import type { Store } from '../../lib/src/base/database/index.ts'
import { formatTime, ohlcv, price as priceType } from '../../lib/src/base/types/index.ts'
import { bars, inBatches, MINUTE } from '../bars.ts'
import type { BenchContext } from '../context.ts'
import { openDatabase } from '../database.ts'
import { COINS, prices, START } from '../prices.ts'
import { interleave, median } from '../rounds.ts'

const DAY = 1440 * MINUTE
/** From how many records on it measures; below, it looks whether it works. */
const FULL = 100_000
/** Of the bars; so few that the smallest size holds a whole day of each: the answer is as long at every size. */
const barCoins = (records: number): number => (records >= FULL ? 20 : 2)

interface Read {
  readonly title: string
  readonly read: (store: Store, n: number, days: number, coins: number) => Promise<unknown>
}

const READINGS: readonly Read[] = [
  { title: 'latest price of a coin', read: ({ dsl }, n) => dsl.getLatestPrices({ coins: [`coin-${n % COINS}`] }) },
  {
    title: 'a day of one-minute candles',
    read: ({ dsl }, n, days, coins) => {
      const from = START + (n % days) * DAY
      const range = { from: formatTime(from), to: formatTime(from + DAY), limit: 1440 }
      return dsl.getOHLCVJson({ coin: `coin-${n % coins}`, timeframe: '1m', ...range })
    },
  },
]

/**
 * How reads slow down as the tables grow a hundredfold: databases of `--records` rows (half prices, half bars), a tenth and a
 * hundredth of it, read in turn at random coins and days, one read after the other.
 */
export async function growth({ store, folder, records, rounds, note }: BenchContext): Promise<string> {
  const coins = barCoins(records)
  const reads = records >= FULL ? 200 : 10
  const sizes = [records / 100, records / 10, records].map((rows, i) => Math.max(Math.round(rows), (i + 1) * 2 * coins * 1440))
  await using stores = new AsyncDisposableStack()
  const filled: Store[] = []
  for (const rows of sizes) {
    const one = stores.use(await openDatabase({ store, folder }, `growth_${rows}`))
    await fill(one, rows, coins)
    filled.push(one)
    note(`${rows} rows are there`)
  }
  const sections: string[] = []
  for (const { title, read } of READINGS) {
    const timed = (one: Store, rows: number) => async () => {
      const days = Math.max(1, Math.floor(rows / 2 / coins / 1440))
      const started = performance.now()
      // Multiples of a prime visit coins and days in no order.
      for (let i = 0; i < reads; i++) await read(one, i * 7919, days, coins)
      return (performance.now() - started) / reads
    }
    const contenders = sizes.map((rows, i) => [`${rows.toLocaleString('en')} rows`, timed(filled[i] as Store, rows)] as const)
    const timings = [...(await interleave(Object.fromEntries(contenders), rounds, note))]
    const base = timings[0]?.[1] ?? []
    const lines = timings.map(([size, ms]) => {
      const spread = `${Math.min(...ms).toFixed(2)}–${Math.max(...ms).toFixed(2)}`
      return `| ${size} | ${median(ms).toFixed(2)} (${spread}) | ${median(ms.map((m, i) => m / (base[i] as number))).toFixed(2)} × |`
    })
    sections.push(
      [
        `### Growth: ${title}`,
        '',
        '| | ms a read: median (quickest–slowest round) | to the smallest |',
        '|---|---|---|',
        ...lines,
      ].join('\n'),
    )
  }
  return sections.join('\n\n')
}

async function fill(store: Store, rows: number, coins: number): Promise<void> {
  await inBatches(prices(rows / 2), (batch) => store.timescale.upsert(priceType, batch))
  await inBatches(bars({ count: rows / 2, timeframe: '1m', coins }), (batch) => store.timescale.upsert(ohlcv, batch))
  await store.pool.query('vacuum analyze crypto_prices_rows, ohlcv_data_rows')
}
