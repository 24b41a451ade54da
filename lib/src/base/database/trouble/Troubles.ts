import { withTimeout } from '../../networking/timeout.ts'
import { QiError } from '../../types/index.ts'
import type { ControlConnection } from '../connections/ControlConnection.ts'
import { writeRefusal } from '../connections/checkServer.ts'
import { isDiskFull, isPoolFull, stateOf } from '../connections/errors.ts'
import type { FailureExplainer } from '../connections/FailureExplainer.ts'
import { allTables, publicName } from '../tables/tables.ts'
import { type Drift, schemaDrift } from './drift.ts'
import { describeLock, lockRemedy, type TableLock, tableLocks } from './locks.ts'
import { type StoreTrouble, timescaleTroubles } from './timescaleTroubles.ts'

/** The problems of the tables: locks and drift. */
export interface Found {
  readonly drifts: readonly Drift[]
  readonly locks: readonly TableLock[]
}

const LOCK_NOT_AVAILABLE = '55P03'
/** A write on a read-only server: a replica, or one in a switch-over. */
const READ_ONLY = '25006'
/** No unique key matches an ON CONFLICT. */
const NO_KEY = '42P10'
/** SQLSTATEs of drift: a missing column, table, function or unique key, another type, bytes that do not fit a column's type. */
const SAYS_DRIFT = new Set(['42703', '42P01', '42804', NO_KEY, '42704', '42883', '22P03', '23502'])
const FRESH_MS = 1000
const ASK_MS = 2000
const SLOW_MS = 60_000
/** After this time one statement may try a locked table again; until then all are refused at once. */
const AGAIN_MS = 500
/** How long others are refused while that statement waits for the lock; longer than its lock timeout. */
const PROBE_MS = 3000

const TABLES = allTables.map(({ name }) => name)

/** Matches a statement about a table, by its own name or by that of its view. */
const mentions = (table: string): RegExp => {
  const spec = allTables.find(({ name }) => name === table)
  return new RegExp(`\\b(${table}${spec ? `|${publicName(spec)}` : ''})\\b`)
}

/** Inspects the tables over the control connection, so that full pools do not delay it. */
export class Troubles implements FailureExplainer {
  readonly #control: Pick<ControlConnection, 'run'>
  readonly #place: string
  readonly #locked = new Map<string, { readonly error: QiError; readonly pattern: RegExp; until: number }>()
  #asked = 0
  #found: Promise<Found> | undefined
  #askedSlow = Number.NEGATIVE_INFINITY
  #slow: Promise<readonly StoreTrouble[]> = Promise.resolve([])

  /** @param place the place of the database, for messages: a folder, or host and port */
  constructor(control: Pick<ControlConnection, 'run'>, place: string) {
    this.#control = control
    this.#place = place
  }

  /** The locks and drifts now; callers within a second share one answer. @throws QiError if the database does not answer */
  look(): Promise<Found> {
    if (this.#found && Date.now() - this.#asked < FRESH_MS) return this.#found
    this.#asked = Date.now()
    this.#found = this.#ask()
    this.#found.catch(() => {})
    return this.#found
  }

  /**
   * Problems of hypertables, continuous aggregates and jobs of TimescaleDB; checked at most once a minute.
   * @throws QiError if the database does not answer
   */
  async slow(): Promise<readonly StoreTrouble[]> {
    if (performance.now() - this.#askedSlow >= SLOW_MS) {
      this.#askedSlow = performance.now()
      this.#slow = this.#askSlowly()
      this.#slow.catch(() => {
        this.#askedSlow = Number.NEGATIVE_INFINITY
      })
    }
    return this.#slow
  }

  /** All problems of the tables and jobs, checked now. @throws QiError if the database does not answer */
  async all(): Promise<readonly StoreTrouble[]> {
    const { drifts } = await this.#ask()
    return [...drifts, ...(await this.#askSlowly())]
  }

  #askSlowly(): Promise<readonly StoreTrouble[]> {
    const look = this.#control.run(timescaleTroubles)
    look.catch(() => {}) // may fail after the timeout
    return withTimeout(ASK_MS, 'checking TimescaleDB', () => look)
  }

  async explain(failure: QiError, about = failure.message): Promise<QiError> {
    const state = stateOf(failure)
    const concerns = (table: string) => mentions(table).test(about)
    if (isDiskFull(failure))
      return new QiError('UNAVAILABLE', `the disk of the database is full (${this.#place}): free space there`, { cause: failure })
    if (state === READ_ONLY) return this.#readOnly(failure)
    const full = isPoolFull(failure)
    if (state !== LOCK_NOT_AVAILABLE && !full && !SAYS_DRIFT.has(state ?? '')) return failure
    const { drifts, locks } = await this.look().catch((): Found => ({ drifts: [], locks: [] }))
    if (state === LOCK_NOT_AVAILABLE || full) {
      const lock = locks.find(({ table }) => concerns(table)) ?? (full ? locks.find(({ granted }) => granted) : undefined)
      if (!lock) return failure
      const why = `${describeLock(lock)}; ${lockRemedy(lock)}`
      const error = partial(failure, full ? `${failure.message}, because ${why}` : why)
      if (!full && lock.stopsReading)
        this.#locked.set(lock.table, { error, pattern: mentions(lock.table), until: Date.now() + AGAIN_MS })
      return error
    }
    const own = drifts.filter(({ table, stopsWriting }) => stopsWriting && concerns(table))
    // The database does not say which table lacks the key.
    const causes = own.length === 0 && state === NO_KEY ? drifts.filter(({ keyless }) => keyless) : own
    return causes.length > 0 ? drifted(causes, failure) : failure
  }

  driftOf(table: string): Promise<QiError | undefined> {
    return this.#driftOf(table, 'stopsWriting', this.look())
  }

  /** Checks now instead of using the shared answer: from before the failure, that would hide its cause. */
  keylessTable(table: string): Promise<QiError | undefined> {
    return this.#driftOf(table, 'keyless', this.#ask())
  }

  async #driftOf(table: string, which: 'keyless' | 'stopsWriting', look: Promise<Found>): Promise<QiError | undefined> {
    const { drifts } = await look.catch((): Found => ({ drifts: [], locks: [] }))
    const own = drifts.filter((drift) => drift.table === table && drift[which])
    return own.length > 0 ? drifted(own) : undefined
  }

  admit(text: string): void {
    for (const known of this.#locked.values()) {
      if (!known.pattern.test(text)) continue
      if (Date.now() < known.until) throw known.error
      known.until = Date.now() + PROBE_MS // this statement tries; others are refused until then
    }
  }

  passed(text: string): void {
    for (const [table, { pattern }] of this.#locked) if (pattern.test(text)) this.#locked.delete(table)
  }

  /** The error for a read-only server. Retryable: after a switch-over the address leads to the primary again. */
  async #readOnly(failure: QiError): Promise<QiError> {
    const refusal = await this.#control.run((client) => writeRefusal(client, 'DATABASE_URL')).catch(() => undefined)
    return refusal ? new QiError('UNAVAILABLE', refusal.message, { cause: failure, advised: true }) : failure
  }

  async #ask(): Promise<Found> {
    const look = this.#control.run(async (client) => ({
      locks: await tableLocks(client, TABLES),
      drifts: await schemaDrift(client),
    }))
    look.catch(() => {}) // may fail after the timeout
    return withTimeout(ASK_MS, 'checking the tables', () => look)
  }
}

/** An error that concerns one table, or only writing; everything else works. */
const partial = (cause: QiError, message: string): QiError => new QiError('UNAVAILABLE', message, { cause, partial: true })

/** The error for drifts, the same for writers, readers, the health check and the doctor. */
export function drifted(drifts: readonly Drift[], cause?: unknown): QiError {
  return new QiError('UNAVAILABLE', drifts.map(({ what, remedy }) => `${what}: ${remedy}`).join('; '), {
    partial: true,
    ...(cause !== undefined && { cause }),
  })
}
