import { formatTime, ohlcv, price as priceType, type Store } from '../../lib/src/base/index.ts'
import { bars, inBatches, MINUTE } from '../bars.ts'
import type { BenchContext } from '../main.ts'
import { COINS, prices, START } from '../prices.ts'
import { median } from '../rounds.ts'

const READS = 300
const DAY = 1440 * MINUTE
/** So few that the smallest size holds a whole day of each: the answer is as long at every size. */
const BAR_COINS = 20

/**
 * How reads slow down as the tables grow a hundredfold: the latest price of a coin, and a day of one-minute candles, at random
 * coins and days, one after the other. `--records` is the number of rows at the end, half of them prices and half bars.
 */
export async function growth({ store, records, rounds, note }: BenchContext): Promise<string> {
  const sizes = [records / 100, records / 10, records].map((rows) => Math.max(Math.round(rows), 2 * BAR_COINS * 1440))
  await store.pool.query('truncate crypto_prices, ohlcv_data')
  const lines: string[] = []
  let first: readonly number[] | undefined
  let filled = 0
  for (const rows of sizes) {
    await fill(store, filled / 2, rows / 2)
    filled = rows
    const found = await measure(store, rows / 2, rounds)
    first ??= found.map(({ middle }) => middle)
    note(`${rows} rows: ${found.map(({ middle }) => `${middle.toFixed(3)} ms`).join(', ')}`)
    const cells = found.map(({ middle, least, most }, i) => {
      const times = (middle / (first?.[i] as number)).toFixed(2)
      return `${middle.toFixed(3)} (${least.toFixed(3)}–${most.toFixed(3)}) | ${times} ×`
    })
    lines.push(`| ${rows.toLocaleString('en')} | ${cells.join(' | ')} |`)
  }
  return [
    `### Growth: milliseconds a read, one at a time; median (least–most) of ${rounds} rounds of ${READS}`,
    '',
    '| rows | latest price of a coin | | a day of one-minute candles | |',
    '|---|---|---|---|---|',
    ...lines,
  ].join('\n')
}

async function fill(store: Store, from: number, to: number): Promise<void> {
  await inBatches(prices(to, from), (batch) => store.timescale.upsert(priceType, batch))
  await inBatches(bars({ count: to, from, timeframe: '1m', coins: BAR_COINS }), (batch) => store.timescale.upsert(ohlcv, batch))
  await store.pool.query('vacuum analyze crypto_prices, ohlcv_data')
  await store.pool.query('checkpoint')
}

interface Spread {
  readonly middle: number
  readonly least: number
  readonly most: number
}

async function measure(store: Store, bars: number, rounds: number): Promise<Spread[]> {
  const days = Math.max(1, Math.floor(bars / BAR_COINS / 1440))
  const reads = [
    (n: number) => store.dsl.getLatestPrices({ coins: [`coin-${n % COINS}`] }),
    (n: number) => {
      const from = START + (n % days) * DAY
      return store.dsl.getOHLCVJson({
        coin: `coin-${n % BAR_COINS}`,
        timeframe: '1m',
        from: formatTime(from),
        to: formatTime(from + DAY),
        limit: 1440,
      })
    },
  ]
  const spreads: Spread[] = []
  for (const read of reads) {
    const each: number[] = []
    for (let round = 0; round <= rounds; round++) {
      const started = performance.now()
      // Multiples of a prime visit coins and days in no order.
      for (let i = 0; i < READS; i++) await read(i * 7919 + round)
      if (round > 0) each.push((performance.now() - started) / READS)
    }
    spreads.push({ middle: median(each), least: Math.min(...each), most: Math.max(...each) })
  }
  return spreads
}
