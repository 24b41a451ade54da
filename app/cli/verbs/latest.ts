import {
  latestPricesQuery,
  type MarketReads,
  type Price,
  parseQuery,
  pricesWire,
  QiError,
  toQiError,
} from '../../../lib/src/base/index.ts'
import { openReadsOf } from '../engines.ts'
import type { Session } from '../session.ts'
import { ageColumn, originColumn } from '../text/columns.ts'
import { nothingOf } from '../text/nothing.ts'
import { type Column, printTable } from '../text/table.ts'

export interface LatestInput {
  readonly coins: readonly string[]
  readonly source?: readonly string[]
  readonly currency?: readonly string[]
  readonly simulated?: boolean
  readonly limit?: string
  readonly after?: string
}

export async function run(session: Session, input: LatestInput): Promise<undefined> {
  const coins = input.coins.flatMap((coin) => coin.split(',')).filter(Boolean)
  const query = parseQuery(latestPricesQuery, {
    coins: coins.length ? coins : undefined,
    sources: input.source,
    currencies: input.currency,
    include_simulated: input.simulated,
    limit: input.limit,
    after: input.after,
  })
  const loaded = await session.load()
  await using store = await openReadsOf(session, loaded)
  const page = await session.unlessInterrupted(store.dsl.getLatestPrices(query))
  const unseen = input.after || page.next ? [] : coins.filter((coin) => !page.items.some((item) => item.coinId === coin))
  const named = unseen.length > 0 ? await store.dsl.resolveCoins(unseen) : []
  const missing = unseen.filter((_, i) => !page.items.some((item) => item.coinId === named[i]))
  if (session.json) await session.out.json(pricesWire(page))
  else if (page.items.length) {
    const hidden = await printTable(session.out, columns(Date.now()), page.items)
    if (hidden.length) await session.remark(`not shown for want of room: ${hidden.join(', ')}; widen the terminal or use --json`)
  } else if (missing.length === 0) await session.remark(await nothingOf('no latest price of that is stored', store))
  if (page.next) await session.remark(`there is more: --after ${page.next}`)
  if (missing.length) throw new QiError('NOT_FOUND', (await explain(store.dsl, missing)).join('\n'))
}

/** Why a coin that was asked for is not in the answer: unknown, with what may have been meant, or filtered out. */
function explain(dsl: MarketReads, missing: readonly string[]): Promise<string[]> {
  return Promise.all(
    missing.map(async (coin) => {
      try {
        await dsl.getCurrentPrice({ coin })
        return `of ${coin} nothing is held from that source, or in that currency`
      } catch (failure) {
        const error = toQiError(failure)
        if (error.code !== 'NOT_FOUND') throw error
        return error.message
      }
    }),
  )
}

const columns = (now: number): Column<Price>[] => [
  { title: 'coin', cell: (row) => row.coinId },
  { title: 'price', kind: 'figure', cell: (row) => row.price, style: () => 'bold' },
  { title: '', cell: (row) => row.currency },
  {
    title: '24 h %',
    kind: 'figure',
    cell: (row) => row.change24hPct,
    style: (row) => (row.change24hPct?.startsWith('-') ? 'red' : 'green'),
  },
  { title: 'source', cell: (row) => row.source },
  ageColumn(now),
  originColumn,
  { title: 'market cap', kind: 'figure', optional: true, cell: (row) => row.marketCap },
  { title: 'volume 24 h', kind: 'figure', optional: true, cell: (row) => row.volume24h },
]
