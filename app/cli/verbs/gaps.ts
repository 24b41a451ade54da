import { coverageQuery, parseQuery } from '../../../lib/src/base/database/index.ts'
import { formatTime, type Gap, type SeriesCoverage } from '../../../lib/src/base/types/index.ts'
import { canFill, historyOffers } from '../../../lib/src/streaming/platform/index.ts'
import { openReadsOf } from '../engines.ts'
import type { Session } from '../session.ts'
import { printCsv } from '../text/csv.ts'
import { kindOf, spanLength, spanWire } from '../text/spans.ts'
import { printTable } from '../text/table.ts'

export interface GapsInput {
  readonly coins: readonly string[]
  readonly coin?: readonly string[]
  readonly source?: readonly string[]
  readonly currency?: readonly string[]
  readonly type?: string
  readonly timeframe?: string
  readonly from?: string
  readonly to?: string
  readonly limit?: string
}

interface Listed {
  readonly series: SeriesCoverage
  readonly gap: Gap
  readonly fillable: boolean
}

export async function run(session: Session, input: GapsInput): Promise<undefined> {
  const { coins, coin = [], source, currency, ...rest } = input
  const named = [...coins, ...coin]
  const query = parseQuery(coverageQuery, {
    ...rest,
    ...(named.length > 0 && { coins: named }),
    ...(source && { sources: source }),
    ...(currency && { currencies: currency }),
    gaps: true,
  })
  const loaded = await session.load()
  await using store = await openReadsOf(session, loaded)
  const coverage = await store.coverage()
  const ids = query.coins && (await store.dsl.resolveCoins(query.coins, query))
  const found = await session.unlessInterrupted(coverage.find({ ...query, coins: ids }))
  const offers = await historyOffers(
    loaded.config,
    found.items.map((series) => series.source),
  )
  const listed = found.items.flatMap((series) =>
    series.gaps.map((gap): Listed => ({ series, gap, fillable: canFill(offers, series, gap) })),
  )
  if (session.json) return void (await session.out.json({ items: listed.map(wire), more: found.more }))
  if (session.csv) await printCsv(session.out, CSV_COLUMNS, listed.map(wire))
  else await show(session, listed)
  if (found.more) await session.remark('there are more series: name coins, or raise --limit')
}

const CSV_COLUMNS = [
  ...['coin_id', 'source', 'currency', 'type', 'timeframe', 'from', 'to', 'reason', 'detail', 'missing', 'first_number'],
  ...['last_number', 'fillable', 'answer', 'asked_at'],
]

const wire = ({ series, gap, fillable }: Listed) => ({
  source: series.source,
  ...(series.coinId !== '' && { coin_id: series.coinId }),
  ...(series.currency !== '' && { currency: series.currency }),
  type: series.type,
  ...(series.timeframe && { timeframe: series.timeframe }),
  ...spanWire(gap),
  reason: gap.reason,
  ...(gap.detail !== undefined && { detail: gap.detail }),
  ...(gap.missing !== undefined && { missing: gap.missing }),
  ...(gap.numbers && { first_number: gap.numbers.first, last_number: gap.numbers.last }),
  fillable,
  ...(gap.settled && { answer: gap.settled.reason, asked_at: formatTime(gap.settled.askedAt) }),
})

async function show(session: Session, listed: readonly Listed[]): Promise<void> {
  const { out } = session
  if (listed.length === 0) return session.remark('nothing is missing')
  await printTable(
    out,
    [
      { title: 'coin', cell: ({ series }) => series.coinId || 'all', style: () => 'bold' },
      { title: 'source', cell: ({ series }) => series.source },
      { title: 'currency', cell: ({ series }) => series.currency || '–' },
      { title: 'kind', cell: ({ series }) => kindOf(series) },
      { title: 'from', cell: ({ gap }) => seconds(gap.from) },
      { title: 'to', cell: ({ gap }) => seconds(gap.to) },
      { title: 'length', kind: 'right', cell: ({ gap }) => spanLength(gap) },
      { title: 'missing', kind: 'right', cell: ({ gap }) => (gap.missing === undefined ? '' : String(gap.missing)) },
      { title: 'reason', cell: ({ gap }) => (gap.detail === undefined ? gap.reason : `${gap.reason}: ${gap.detail}`) },
      {
        title: 'fillable',
        cell: ({ gap, fillable }) => (fillable ? 'yes' : (gap.settled?.reason ?? 'no: the source gives no history of it')),
        style: ({ fillable }) => (fillable ? 'green' : 'dim'),
        optional: true,
      },
    ],
    listed,
  )
}

/** A time to the second: a gap between prices begins a microsecond after the price before. */
const seconds = (time: number): string => formatTime(Math.floor(time / 1e6) * 1e6)
