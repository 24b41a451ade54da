import { Coverage, type Store } from '../../lib/src/base/database/index.ts'
import { decimal, type Price, price as priceType } from '../../lib/src/base/types/index.ts'
import { inBatches } from '../bars.ts'
import type { BenchContext } from '../context.ts'
import { openDatabase } from '../database.ts'
import { START } from '../prices.ts'
import { interleave, median } from '../rounds.ts'

/** From how many records on it measures; below, it looks whether it works. */
const FULL = 100_000
const SERIES = [100, 10_000, 100_000]

interface Asked {
  readonly title: string
  readonly ask: (store: Store, coverage: Coverage, coin: string) => Promise<unknown>
}

const ASKED: readonly Asked[] = [
  { title: 'coverage refreshed with nothing new', ask: (_, coverage) => coverage.refresh() },
  { title: 'coverage of one coin', ask: (_, coverage, coin) => coverage.find(coverageOf({ coins: [coin] })) },
  { title: 'coverage, a page of 100', ask: (_, coverage) => coverage.find(coverageOf({})) },
  { title: 'latest prices, a page of 100', ask: ({ dsl }) => dsl.getLatestPrices({ limit: 100 }) },
  { title: 'latest price of one coin', ask: ({ dsl }, _, coin) => dsl.getLatestPrices({ coins: [coin] }) },
  { title: 'market summary', ask: ({ dsl }) => dsl.getMarketSummary({}) },
  { title: 'data health, a page of 50', ask: ({ dsl }) => dsl.getDataHealth({ limit: 50 }) },
]

const coverageOf = (change: { readonly coins?: readonly string[] }) => ({ gaps: false, limit: 100, ...change }) as never

/** How reads slow down as there are more series: the same `--records` prices spread over a hundred, ten thousand and a hundred thousand. */
export async function seriesCount({ store, folder, records, rounds, note }: BenchContext): Promise<string> {
  const counts = records >= FULL ? SERIES : [5, 20]
  await using stores = new AsyncDisposableStack()
  const filled: { readonly store: Store; readonly coverage: Coverage }[] = []
  for (const count of counts) {
    const one = stores.use(await openDatabase({ store, folder }, `series_${count}`))
    await inBatches(pricesOf(records, count), (batch) => one.timescale.upsert(priceType, batch))
    await one.pool.query('vacuum analyze crypto_prices_rows, series')
    const coverage = await Coverage.open(one.pool)
    await coverage.refresh()
    filled.push({ store: one, coverage })
    note(`${count} series are there`)
  }
  const lines: string[] = []
  for (const { title, ask } of ASKED) {
    let asked = 0
    const timed = (at: number) => async () => {
      const { store: one, coverage } = filled[at] as (typeof filled)[number]
      const started = performance.now()
      await ask(one, coverage, `coin-${(asked++ * 7919) % (counts[at] as number)}`)
      return performance.now() - started
    }
    const contenders = counts.map((count, at) => [`${title}, ${count.toLocaleString('en')}`, timed(at)] as const)
    // The first of each also plans its statement.
    for (const [, first] of contenders) await first()
    const timings = [...(await interleave(Object.fromEntries(contenders), rounds, note)).values()]
    lines.push(`| ${title} | ${timings.map((ms) => `${median(ms).toFixed(1)} ms`).join(' | ')} |`)
  }
  return [
    `### Reads as there are more series, ${records.toLocaleString('en')} prices in each store`,
    '',
    `| median of ${rounds} | ${counts.map((count) => `${count.toLocaleString('en')} series`).join(' | ')} |`,
    `|---|${counts.map(() => '---|').join('')}`,
    ...lines,
  ].join('\n')
}

function* pricesOf(records: number, series: number): Generator<Price> {
  for (let i = 0; i < records; i++) {
    const time = START + Math.floor(i / series) * 60_000_000
    yield {
      coinId: `coin-${i % series}`,
      source: 'bench',
      time,
      receivedAt: time + 250_000,
      origin: 'replay',
      currency: 'usd',
      price: decimal(`${1 + (i % series)}.5`),
      change24hPct: decimal(`${(i % 200) - 100}.25`),
    }
  }
}
