import { dataHealthQuery, dataHealthWire, parseQuery, type SeriesHealth } from '../../../lib/src/base/database/index.ts'
import { openReadsOf } from '../engines.ts'
import type { Session } from '../session.ts'
import { duration } from '../text/age.ts'
import { printCsv } from '../text/csv.ts'
import { markOf } from '../text/mark.ts'
import { type Column, printTable } from '../text/table.ts'

export type DataHealthInput = Readonly<Record<string, string | undefined>>

export async function run(session: Session, input: DataHealthInput): Promise<undefined> {
  const query = parseQuery(dataHealthQuery, { ...input })
  const loaded = await session.load()
  await using store = await openReadsOf(session, loaded)
  const page = await session.unlessInterrupted(store.dsl.getDataHealth(query))
  if (session.csv) await printCsv(session.out, CSV_COLUMNS, dataHealthWire(page).items)
  else if (session.json) return void (await session.out.json(dataHealthWire(page)))
  else if (page.items.length) await printTable(session.out, columns, page.items)
  else await session.remark('no stored series match; `qicore up` acquires prices')
  if (page.next) await session.remark(`there is more: --after ${page.next}`)
}

const CSV_COLUMNS = [
  ...['coin_id', 'source', 'currency', 'kind', 'simulated', 'status', 'reason', 'first', 'last', 'age_seconds', 'rows'],
  ...['expected', 'interval_seconds', 'missing', 'gaps', 'longest', 'late', 'future', 'open', 'filled', 'flawed', 'contradicted'],
  'missing_numbers',
]

const STYLES = { ok: 'green', stale: 'yellow', gappy: 'red', flawed: 'red', future: 'red' } as const

const columns: readonly Column<SeriesHealth>[] = [
  { title: 'coin', cell: (row) => row.coinId },
  { title: 'currency', cell: (row) => row.currency },
  { title: 'source', cell: (row) => row.source },
  { title: 'kind', cell: (row) => row.kind },
  { title: 'status', cell: (row) => row.status, style: (row) => STYLES[row.status] },
  { title: 'age', kind: 'right', cell: (row) => (row.ageSeconds < 0 ? 'open' : duration(row.ageSeconds * 1000)) },
  { title: 'rows', kind: 'right', cell: (row) => String(row.rows) },
  { title: 'expected', kind: 'right', optional: true, cell: (row) => row.expected?.toString() },
  { title: 'missing', kind: 'right', optional: true, cell: (row) => row.missing?.toString() },
  { title: 'gaps', kind: 'right', cell: (row) => String(row.gaps) },
  { title: 'late', kind: 'right', optional: true, cell: (row) => (row.late ? String(row.late) : undefined) },
  { title: 'flawed', kind: 'right', optional: true, cell: (row) => (row.flawed ? String(row.flawed) : undefined) },
  {
    title: 'contradicted',
    kind: 'right',
    optional: true,
    cell: (row) => (row.contradicted ? String(row.contradicted) : undefined),
  },
  { title: 'mark', optional: true, cell: (row) => markOf(row), style: () => 'yellow' },
  { title: 'because', optional: true, cell: (row) => row.reason },
]
