import {
  type Conversion,
  type ConvertStep,
  checkConvertible,
  convertToHypertables,
  type StoreStatistics,
  storeStatistics,
  TIME_TABLES,
  type TimeTable,
} from '../../../lib/src/base/database/index.ts'
import { countOf, QiError } from '../../../lib/src/base/types/index.ts'
import type { LoadedConfig } from '../../../lib/src/streaming/platform/index.ts'
import { requireAgreement } from '../agree.ts'
import { audited } from '../audited.ts'
import { openStoreOf } from '../engines.ts'
import type { Session } from '../session.ts'
import { duration } from '../text/age.ts'
import { size } from '../text/size.ts'

export interface StoreConvertInput {
  readonly yes?: boolean
}

export async function run(session: Session, { yes }: StoreConvertInput): Promise<undefined> {
  const loaded = await session.load()
  if (loaded.config.store.layout === 'plain')
    throw new QiError(
      'CONFIG_INVALID',
      'store.layout is plain, and the platform would not start with hypertables: set it to auto or hypertables',
      {
        field: 'store.layout',
      },
    )
  const started = performance.now()
  const { tables, rollups } = await convert(session, loaded, yes)
  await compress(session, loaded)
  const seconds = Math.round((performance.now() - started) / 1000)
  if (session.json) return void (await session.out.json({ layout: 'hypertables', tables, ...(rollups && { rollups }), seconds }))
  await session.out.line(`${countOf(tables.length, 'table')} are hypertables now: ${tables.join(', ')}`)
  await session.out.line(rollupLine(rollups))
}

async function convert(session: Session, loaded: LoadedConfig, yes: boolean | undefined): Promise<Conversion> {
  // Opens also with store.layout: hypertables, which the tables do not match yet.
  await using store = await openStoreOf(session, loaded, { layout: 'auto', migrations: 'refuse' })
  await checkConvertible(store.pool)
  await requireAgreement(session, questionOf(await storeStatistics(store)), yes)
  const onStep = (step: ConvertStep) => void session.remark(progress(step))
  return await audited(store, 'store convert', { layout: 'hypertables' }, () =>
    session.unlessInterrupted(convertToHypertables(store.pool, { onStep, signal: session.signal })),
  )
}

function questionOf({ tables }: StoreStatistics): string {
  const rows = tables.reduce((sum, table) => sum + table.rows, 0)
  const bytes = tables.reduce((sum, table) => sum + table.bytes, 0)
  const estimated = tables.some((table) => table.estimated)
  const largest = tables
    .toSorted((a, b) => b.bytes - a.bytes)
    .slice(0, 3)
    .map(({ table, bytes }) => `${table} ${size(bytes)}`)
  return `Make hypertables of ${countOf(tables.length, 'table')} with ${estimated ? 'about ' : ''}${countOf(rows, 'row')}, ${size(bytes)} (${largest.join(', ')})? Until all are converted nobody can read or write them, and the database needs the same disk space again.`
}

const progress = ({ table, at, of, bytes, milliseconds }: ConvertStep): string =>
  `${at} of ${of}: ${table}, ${milliseconds === undefined ? `${size(bytes ?? 0)} to move` : `done in ${duration(milliseconds)}`}`

/** Applies the compression setting, which had no effect on plain tables. */
async function compress(session: Session, loaded: LoadedConfig): Promise<void> {
  const { compress_after: days } = loaded.config.store
  if (days === undefined) return
  await using store = await openStoreOf(session, loaded)
  const { policies } = store.timescale
  if (!(await policies.canCompress())) return
  for (const table of Object.keys(TIME_TABLES) as TimeTable[]) await policies.setCompression(table, days)
}

const rollupLine = (rollups: Conversion['rollups']): string => {
  if (rollups === undefined) return 'rollups: off'
  return rollups === 'aggregates'
    ? 'rollups: kept as continuous aggregates; the platform computes them again, and queries read the records until then'
    : 'rollups: kept in their table, as before'
}
