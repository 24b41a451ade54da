import { withTimeout } from '../../networking/timeout.ts'
import { type CheckResult, countOf, errorMessage, toQiError } from '../../types/index.ts'
import { layoutMismatch } from '../bookkeeping/storedLayout.ts'
import { type Pool, withClient } from '../connections/pool.ts'
import { describeRow, type UnreadableRow, type UnreadableRows } from '../reading/UnreadableRows.ts'
import { allTables } from '../tables/tables.ts'
import type { TimescaleClient } from '../timescale/TimescaleClient.ts'
import { describeLock, lockRemedy } from './locks.ts'
import type { Found, Troubles } from './Troubles.ts'
import type { StoreTrouble } from './timescaleTroubles.ts'

export interface StoreParts {
  readonly client: TimescaleClient
  /** The pool that serves readers. */
  readonly readers: Pool
  readonly troubles: Troubles
  /** Rows that readers skipped. */
  readonly unreadable: UnreadableRows
}

/** The most for one step, in milliseconds: health probes wait four seconds for the whole platform. */
const PATIENCE_MS = 2500
/** Shorter locks are not reported, in seconds. */
const LONG_LOCK_S = 1

/**
 * The health check of the store: writes a row with the writers' pool and rolls it back, reads with the readers' pool, and compares the
 * tables with the record types and the migrations. Degraded: a table is locked or changed, a job of TimescaleDB fails, or a row cannot be
 * read. Down: nothing can be read or written.
 */
export async function checkStore({ client, readers, troubles, unreadable }: StoreParts): Promise<CheckResult> {
  try {
    const { locks, drifts } = await troubles.look()
    const slow = await troubles.slow().catch(unasked)
    const long = locks.filter(({ seconds }) => seconds >= LONG_LOCK_S)
    const broken = new Set([
      ...long.map(({ table }) => table),
      ...drifts.flatMap((each) => (each.stopsWriting ? [each.table] : [])),
    ])
    const free = allTables.map(({ name }) => name).find((name) => !broken.has(name))
    if (free !== undefined) {
      await withTimeout(PATIENCE_MS, 'writing', () => client.tryWriting(free))
      await withTimeout(PATIENCE_MS, 'reading', () =>
        withClient(readers, (reader) => reader.query(`select from ${free} where time > now() limit 1`), { troubles }),
      )
    }
    const mismatch = await layoutMismatch(readers, client.capabilities)
    // Plain tables work with the extension; hypertables do not work without it.
    const misplaced = mismatch !== undefined && !client.capabilities.hypertables ? mismatch : undefined
    if (long.length + drifts.length > 0) return troubled({ locks: long, drifts }, slow, free !== undefined)
    if (misplaced) return { ok: false, summary: misplaced, details: { serverVersion: client.capabilities.serverVersion } }
    if (slow.length > 0) return troubled({ locks: [], drifts: [] }, slow, true)
    const skipped = unreadable.list()
    return skipped.length > 0 ? unreadableRows(skipped) : working(client, mismatch)
  } catch (error) {
    const failure = await troubles.explain(toQiError(error))
    return { ok: false, summary: `the database cannot be used: ${errorMessage(failure)}`, error: failure }
  }
}

/** A failed check of TimescaleDB: readers and writers do not need it. */
const unasked = (error: unknown): StoreTrouble[] => [
  { what: `the jobs of TimescaleDB cannot be read: ${errorMessage(error)}`, remedy: 'see the message' },
]

const MOST_LISTED = 3

function troubled({ locks, drifts }: Found, slow: readonly StoreTrouble[], partly: boolean): CheckResult {
  const all: StoreTrouble[] = [
    ...locks.map((lock) => ({ what: describeLock(lock), remedy: lockRemedy(lock) })),
    ...drifts,
    ...slow,
  ]
  const listed = all.slice(0, MOST_LISTED)
  const more = all.length - listed.length
  return {
    ok: false,
    ...(partly && { degraded: true }),
    summary: [...listed.map(({ what }) => what), ...(more > 0 ? [`and ${more} more`] : [])].join('; '),
    remedy: listed.map(({ remedy }) => remedy).join('; '),
    details: { locked: locks.length, changed: drifts.length, ...(slow.length > 0 && { timescale: slow.length }) },
  }
}

function unreadableRows(skipped: readonly UnreadableRow[]): CheckResult {
  const listed = skipped.slice(-MOST_LISTED).map((row) => `${describeRow(row)}: ${row.reason}`)
  const more = skipped.length - listed.length
  return {
    ok: false,
    degraded: true,
    summary: `${countOf(skipped.length, 'row')} cannot be read: ${[...listed, ...(more > 0 ? [`and ${more} more`] : [])].join('; ')}`,
    remedy: 'all other rows are served; delete or correct these rows, which another program or an older version wrote',
    details: { unreadable: skipped.length },
  }
}

function working({ capabilities }: TimescaleClient, mismatch: string | undefined): CheckResult {
  const { timescale, serverVersion } = capabilities
  const version = `PostgreSQL ${Math.floor(serverVersion / 10_000)}.${serverVersion % 10_000}`
  const engine = timescale ? `TimescaleDB ${timescale}` : 'without TimescaleDB'
  const summary = `${version}, ${engine}${timescale && !mismatch ? '' : ': plain tables'}; reading and writing work`
  return { ok: true, summary, details: { serverVersion } }
}
