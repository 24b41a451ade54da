import {
  type ComparedPair,
  type ComparedSeries,
  compareQuery,
  compareWire,
  parseQuery,
} from '../../../lib/src/base/database/index.ts'
import { formatTime } from '../../../lib/src/base/types/index.ts'
import { openReadsOf } from '../engines.ts'
import type { Session } from '../session.ts'
import { duration } from '../text/age.ts'
import { printSections } from '../text/csv.ts'
import { type Column, printTable } from '../text/table.ts'

export interface CompareInput {
  readonly coin: string
  readonly source?: readonly string[]
  readonly reference?: string
  readonly like?: boolean
  readonly timeframe?: string
  readonly from?: string
  readonly to?: string
  readonly limit?: string
  readonly maxAge?: string
  readonly simulated?: boolean
}

export async function run(session: Session, input: CompareInput): Promise<undefined> {
  const { coin, source, reference, like, timeframe, from, to, limit, maxAge, simulated } = input
  const query = parseQuery(compareQuery, {
    ...{ coin, sources: source, reference, like, timeframe, from, to, limit },
    ...{ max_age: maxAge, include_simulated: simulated },
  })
  await using store = await openReadsOf(session, await session.load())
  const found = await session.unlessInterrupted(store.dsl.compareSources(query))
  const { out } = session
  if (session.json) return void (await out.json(compareWire(found)))
  if (session.csv) return void (await printCompareCsv(session, compareWire(found)))
  await printTable(out, SERIES, found.series)
  if (found.pairs.length > 0) {
    await out.line('')
    await printTable(out, PAIRS, found.pairs)
  }
  if (found.pairs.length === 0)
    await session.remark(
      `nothing to compare: no two sources have it in one currency${input.like ? '' : '; --like compares USD and USDT'}`,
    )
  if (found.series.some(({ stale }) => stale))
    await session.remark(`stale prices, older than ${found.maxAge} s, are not compared (--max-age)`)
}

const KEY = ['coin_id', 'source', 'currency'] as const
const SERIES_CSV = [...KEY, 'simulated', 'price', 'built_from', 'time', 'age_seconds', 'stale', 'candles']
const PAIR_KEY = ['reference', 'other'].flatMap((side) => KEY.map((name) => `${side}_${name}`))
const FIGURES = [
  'difference',
  'difference_bps',
  'candles',
  'only_reference',
  'only_other',
  'mean_bps',
  'median_bps',
  'greatest_bps',
  'greatest_time',
  'correlation',
]

const prefixed = (side: string, key: object): object =>
  Object.fromEntries(Object.entries(key).map(([name, value]) => [`${side}_${name}`, value]))

const printCompareCsv = ({ out }: Session, { series, pairs }: ReturnType<typeof compareWire>): Promise<void> =>
  printSections(out, {
    series: [SERIES_CSV, series],
    pairs: [
      [...PAIR_KEY, ...FIGURES],
      pairs.map(({ reference, other, greatest, ...figures }) => ({
        ...prefixed('reference', reference),
        ...prefixed('other', other),
        ...figures,
        ...(greatest && { greatest_bps: greatest.bps, greatest_time: greatest.time }),
      })),
    ],
  })

const SERIES: readonly Column<ComparedSeries>[] = [
  { title: 'coin', cell: ({ coinId }) => coinId },
  { title: 'source', cell: ({ source, simulated }) => `${source}${simulated ? ' (simulated)' : ''}`, style: () => 'bold' },
  { title: 'price', kind: 'figure', cell: ({ price }) => price },
  { title: 'currency', cell: ({ currency }) => currency },
  { title: 'from', cell: ({ builtFrom }) => builtFrom },
  {
    title: 'age',
    kind: 'right',
    cell: ({ ageSeconds, stale }) =>
      ageSeconds === undefined ? undefined : `${duration(ageSeconds * 1000)}${stale ? ' stale' : ''}`,
    style: ({ stale }) => (stale ? 'yellow' : undefined),
  },
  { title: 'candles', kind: 'right', cell: ({ candles }) => String(candles) },
]

const bps = (value: number | undefined): string | undefined => value?.toFixed(2)

const PAIRS: readonly Column<ComparedPair>[] = [
  { title: 'coin', cell: ({ other }) => other.coinId },
  { title: 'source', cell: ({ other }) => other.source, style: () => 'bold' },
  { title: 'beside', cell: ({ reference }) => `${reference.coinId} at ${reference.source}` },
  { title: 'difference', kind: 'figure', cell: ({ difference }) => difference },
  { title: 'bps now', kind: 'figure', cell: ({ differenceBps }) => bps(differenceBps) },
  { title: 'candles', kind: 'right', cell: ({ candles }) => String(candles) },
  { title: 'median bps', kind: 'figure', cell: ({ medianBps }) => bps(medianBps) },
  { title: 'greatest', kind: 'figure', cell: ({ greatest }) => bps(greatest?.bps) },
  { title: 'at', optional: true, cell: ({ greatest }) => greatest && formatTime(greatest.time) },
  { title: 'correlation', kind: 'figure', cell: ({ correlation }) => correlation?.toFixed(4) },
]
