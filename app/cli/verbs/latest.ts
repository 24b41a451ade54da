import { latestPricesQuery, type MarketReads, parseQuery, pricesWire } from '../../../lib/src/base/database/index.ts'
import { type Price, QiError, recordTypes, toQiError } from '../../../lib/src/base/types/index.ts'
import { openReadsOf } from '../engines.ts'
import type { Session } from '../session.ts'
import { ageColumn, originColumn } from '../text/columns.ts'
import { printCsv } from '../text/csv.ts'
import { changeText, priceText, shortText, signed } from '../text/figures.ts'
import { nothingOf } from '../text/nothing.ts'
import { type Column, printTable } from '../text/table.ts'

export interface LatestInput {
  readonly coins: readonly string[]
  readonly source?: readonly string[]
  readonly currency?: readonly string[]
  readonly simulated?: boolean
  readonly sort?: string
  readonly exact?: boolean
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
    sort: input.sort,
    limit: input.limit,
    after: input.after,
  })
  const loaded = await session.load()
  await using store = await openReadsOf(session, loaded)
  const page = await session.unlessInterrupted(store.dsl.getLatestPrices(query))
  const unseen = input.after || page.next ? [] : coins.filter((coin) => !page.items.some((item) => item.coinId === coin))
  const named = unseen.length > 0 ? await store.dsl.resolveCoins(unseen, query) : []
  const missing = unseen.filter((_, i) => !page.items.some((item) => item.coinId === named[i]))
  if (session.json) await session.out.json(pricesWire(page))
  else if (session.csv) await printCsv(session.out, CSV_COLUMNS, pricesWire(page).items)
  else if (page.items.length) {
    const hidden = await printTable(session.out, columns(Date.now(), input.exact === true), page.items)
    if (hidden.length) await session.remark(`columns that do not fit: ${hidden.join(', ')}; widen the terminal or use --json`)
  } else if (missing.length === 0) await session.remark(await nothingOf('no stored prices match', store))
  if (page.next) await session.remark(`there is more: --after ${page.next}`)
  if (missing.length) throw new QiError('NOT_FOUND', (await explain(store.dsl, missing)).join('\n'))
}

/** Reasons why coins are not in the answer: unknown, with a suggestion, or filtered out. */
function explain(dsl: MarketReads, missing: readonly string[]): Promise<string[]> {
  return Promise.all(
    missing.map(async (coin) => {
      try {
        await dsl.getCurrentPrice({ coin })
        return `coin ${coin}: no price from that source or in that currency is stored; leave --source or --currency out`
      } catch (failure) {
        const error = toQiError(failure)
        if (error.code !== 'NOT_FOUND') throw error
        return error.message
      }
    }),
  )
}

const CSV_COLUMNS = [...recordTypes.price.fields.map(({ name }) => name), 'built_from']

/** @param exact every digit, as it is stored */
function columns(now: number, exact: boolean): Column<Price>[] {
  const shown = (text: (figure: string) => string) => (figure: string | undefined) =>
    figure === undefined ? undefined : exact ? figure : text(figure)
  const [price, short, percent] = [shown(priceText), shown(shortText), shown(changeText)]
  const size = exact ? 'figure' : 'right'
  return [
    { title: 'coin', cell: (row) => row.coinId },
    { title: 'price', kind: 'figure', cell: (row) => price(row.price), style: () => 'bold' },
    { title: 'currency', cell: (row) => row.currency },
    {
      title: '24 h %',
      kind: 'figure',
      cell: ({ change24hPct: pct }) => (exact && pct !== undefined ? signed(pct) : percent(pct)),
      style: (row) => (row.change24hPct?.startsWith('-') ? 'red' : 'green'),
    },
    { title: 'market cap', kind: size, optional: true, cell: (row) => short(row.marketCap) },
    { title: 'volume 24 h', kind: size, optional: true, cell: (row) => short(row.volume24h) },
    { title: 'source', cell: (row) => row.source },
    ageColumn(now),
    originColumn,
  ]
}
