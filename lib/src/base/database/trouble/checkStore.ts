import { withTimeout } from '../../networking/timeout.ts'
import { type CheckResult, countOf, errorMessage, toQiError } from '../../types/index.ts'
import { layoutMismatch } from '../migrations/index.ts'
import { type Pool, withClient } from '../pool.ts'
import { allTables } from '../tables.ts'
import type { TimescaleClient } from '../timescale/TimescaleClient.ts'
import { describeRow, type UnreadableRow, type UnreadableRows } from '../unreadable.ts'
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

/** A prober waits four seconds for the whole platform. */
const PATIENCE_MS = 2500
/** A lock that lasts shorter holds nobody up for long. */
const LONG_LOCK_S = 1

/**
 * Writes a row on the way of writers and takes it back, reads on the way of readers, and compares the tables with the record types and
 * the migrations. A table that is locked or was changed, a job of TimescaleDB that fails and a row that no reader can read make it
 * degraded, since the others work; it is down when nothing can be read or written.
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
    // Plain tables work as well where the extension is there; hypertables do not where it is missing.
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

/** Readers and writers do not need what is asked here. */
const unasked = (error: unknown): StoreTrouble[] => [
  { what: `TimescaleDB does not tell of its jobs: ${errorMessage(error)}`, remedy: 'see the message' },
]

const MOST_TOLD = 3

function troubled({ locks, drifts }: Found, slow: readonly StoreTrouble[], partly: boolean): CheckResult {
  const all: StoreTrouble[] = [
    ...locks.map((lock) => ({ what: describeLock(lock), remedy: lockRemedy(lock) })),
    ...drifts,
    ...slow,
  ]
  const told = all.slice(0, MOST_TOLD)
  const more = all.length - told.length
  return {
    ok: false,
    ...(partly && { degraded: true }),
    summary: [...told.map(({ what }) => what), ...(more > 0 ? [`and ${more} more`] : [])].join('; '),
    remedy: told.map(({ remedy }) => remedy).join('; '),
    details: { locked: locks.length, changed: drifts.length, ...(slow.length > 0 && { timescale: slow.length }) },
  }
}

function unreadableRows(skipped: readonly UnreadableRow[]): CheckResult {
  const told = skipped.slice(-MOST_TOLD).map((row) => `${describeRow(row)}: ${row.reason}`)
  const more = skipped.length - told.length
  return {
    ok: false,
    degraded: true,
    summary: `${countOf(skipped.length, 'row')} cannot be read: ${[...told, ...(more > 0 ? [`and ${more} more`] : [])].join('; ')}`,
    remedy: 'all other rows are served; delete or correct these, which another program wrote or an older version took',
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
