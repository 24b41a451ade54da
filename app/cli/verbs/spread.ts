import { type BestSpread, parseQuery, spreadsQuery, spreadsWire, type VenueSpread } from '../../../lib/src/base/database/index.ts'
import { openReadsOf } from '../engines.ts'
import type { Session } from '../session.ts'
import { duration } from '../text/age.ts'
import { originColumn } from '../text/columns.ts'
import { printSections } from '../text/csv.ts'
import { type Column, printTable } from '../text/table.ts'

export interface SpreadInput {
  readonly coin: string
  readonly source?: readonly string[]
  readonly maxAge?: string
  readonly like?: boolean
  readonly simulated?: boolean
}

export async function run(session: Session, input: SpreadInput): Promise<undefined> {
  const query = parseQuery(spreadsQuery, {
    coin: input.coin,
    sources: input.source,
    max_age: input.maxAge,
    like: input.like,
    include_simulated: input.simulated,
  })
  await using store = await openReadsOf(session, await session.load())
  const found = await session.unlessInterrupted(store.dsl.getSpreads(query))
  const { out } = session
  if (session.json) return void (await out.json(spreadsWire(found)))
  if (session.csv) return void (await printSpreadsCsv(session, spreadsWire(found)))
  await printTable(out, VENUES, found.venues)
  for (const best of found.best) await out.line(bestText(best))
  const stale = found.venues.filter((venue) => venue.stale).length
  if (stale > 0) await session.remark(`stale quotes, older than ${found.maxAge} s, are left out of the best (--max-age)`)
}

const VENUE_CSV = ['coin_id', 'source', 'currency', 'time', 'origin', 'bid', 'bid_size', 'ask', 'ask_size'].concat([
  'spread',
  'spread_bps',
  'age_seconds',
  'stale',
])
const BEST_CSV = ['currencies', 'venues', 'bid_source', 'bid', 'ask_source', 'ask', 'difference', 'difference_bps']

const printSpreadsCsv = ({ out }: Session, { venues, best }: ReturnType<typeof spreadsWire>): Promise<void> =>
  printSections(out, {
    venues: [VENUE_CSV, venues],
    best: [
      BEST_CSV,
      best.map(({ bid, ask, currencies, ...rest }) => ({
        ...rest,
        currencies: currencies.join(' '),
        bid_source: bid.source,
        bid: bid.price,
        ask_source: ask.source,
        ask: ask.price,
      })),
    ],
  })

const bpsText = (value: number | undefined): string | undefined => value?.toFixed(2)

const VENUES: readonly Column<VenueSpread>[] = [
  { title: 'coin', cell: ({ quote }) => quote.coinId },
  { title: 'source', cell: ({ quote }) => quote.source, style: () => 'bold' },
  { title: 'bid', kind: 'figure', cell: ({ quote }) => quote.bid },
  { title: 'ask', kind: 'figure', cell: ({ quote }) => quote.ask },
  { title: 'currency', cell: ({ quote }) => quote.currency },
  { title: 'spread', kind: 'figure', cell: ({ spread }) => spread },
  { title: 'bps', kind: 'figure', cell: ({ spreadBps }) => bpsText(spreadBps) },
  { title: 'bid size', kind: 'figure', optional: true, cell: ({ quote }) => quote.bidSize },
  { title: 'ask size', kind: 'figure', optional: true, cell: ({ quote }) => quote.askSize },
  {
    title: 'age',
    kind: 'right',
    cell: ({ ageSeconds, stale }) => `${duration(ageSeconds * 1000)}${stale ? ' stale' : ''}`,
    style: ({ stale }) => (stale ? 'yellow' : undefined),
  },
  { ...originColumn, cell: ({ quote }) => originColumn.cell(quote), style: ({ quote }) => originColumn.style?.(quote) },
]

const bestText = ({ currencies, bid, ask, difference, differenceBps }: BestSpread): string =>
  `best in ${currencies.join(' and ')}: bid ${bid.bid} at ${bid.source}, ask ${ask.ask} at ${ask.source}; bid - ask ${difference}${differenceBps === undefined ? '' : ` (${bpsText(differenceBps)} bps)`}`
