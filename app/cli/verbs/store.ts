import { type StoreStatistics, storeWire, type TableStatistics } from '../../../lib/src/base/database/index.ts'
import { openReadsOf } from '../engines.ts'
import type { Session } from '../session.ts'
import { duration } from '../text/age.ts'
import { printCsv } from '../text/csv.ts'
import { size } from '../text/size.ts'
import { type Column, printTable } from '../text/table.ts'

export async function run(session: Session): Promise<undefined> {
  const loaded = await session.load()
  await using store = await openReadsOf(session, loaded)
  const found = await session.unlessInterrupted(store.statistics())
  const { out } = session
  if (session.json) return void (await out.json(storeWire(found)))
  if (session.csv) return void (await printCsv(out, CSV_COLUMNS, storeWire(found).tables))
  await out.line(`${out.style('bold', headline(found))}, ${size(found.databaseBytes)} in all`)
  await out.line(`layout: chosen because ${found.layoutReason}`)
  await printTable(out, columns, found.tables)
  await out.line(rollupLine(found))
}

const CSV_COLUMNS = [
  ...['table', 'rows', 'estimated', 'bytes', 'chunks', 'compressed_chunks', 'compression_ratio', 'retention_days'],
  'compress_after_days',
]

const headline = ({ layout, timescale }: StoreStatistics): string =>
  layout === 'hypertables' ? `Hypertables of TimescaleDB ${timescale ?? '(missing)'}` : 'Plain tables'

function rollupLine({ rollups: { keeper, pending, lagMs } }: StoreStatistics): string {
  if (!keeper) return 'rollups: off; candles are built at each query'
  const kept = keeper === 'aggregates' ? 'as continuous aggregates' : 'in a table of their own'
  return `rollups: kept ${kept}; ${pending === 0 ? 'up to date' : `${pending} pending, lag ${duration(lagMs)}`}`
}

const days = (count: number | undefined): string | undefined => (count === undefined ? undefined : duration(count * 86_400_000))

const columns: readonly Column<TableStatistics>[] = [
  { title: 'table', cell: (row) => row.table },
  { title: 'rows', kind: 'right', cell: (row) => `${row.estimated ? '≈ ' : ''}${row.rows.toLocaleString('en')}` },
  { title: 'size', kind: 'right', cell: (row) => size(row.bytes) },
  { title: 'kept', kind: 'right', cell: (row) => days(row.retentionDays) ?? 'all' },
  { title: 'chunks', kind: 'right', optional: true, cell: (row) => row.chunks?.toString() },
  { title: 'compressed', kind: 'right', optional: true, cell: (row) => row.compression?.compressedChunks.toString() },
  {
    title: 'ratio',
    kind: 'right',
    optional: true,
    cell: ({ compression }) => compression && (compression.bytesBefore / compression.bytesAfter).toFixed(1),
  },
  { title: 'compressed after', kind: 'right', optional: true, cell: (row) => days(row.compressAfterDays) },
]
