import { withTimeout } from '../../networking/timeout.ts'
import { QiError } from '../../types/index.ts'
import type { ControlConnection } from '../control.ts'
import { isDiskFull, isPoolFull, stateOf } from '../errors.ts'
import { refusesWrites } from '../recognise.ts'
import { allTables, publicName } from '../tables.ts'
import { type Drift, schemaDrift } from './drift.ts'
import { describeLock, lockRemedy, type TableLock, tableLocks } from './locks.ts'
import { type StoreTrouble, timescaleTroubles } from './timescaleTroubles.ts'

/** The problems of the tables: locks and drift. */
export interface Found {
  readonly drifts: readonly Drift[]
  readonly locks: readonly TableLock[]
}

/** Explains failures of a store, for those who run statements. */
export interface FailureExplainer {
  /** The failure with its cause in the tables, where there is one. @param about the statement, or the table's name */
  explain(failure: QiError, about?: string): Promise<QiError>
  /** The drift of a table that keeps everything from being stored there. */
  driftOf(table: string): Promise<QiError | undefined>
  /** Says that a table has no key, without which COPY stores rows twice. */
  keylessTable(table: string): Promise<QiError | undefined>
  /** Refuses a statement over a table that is known to be locked, so that it takes no connection from others. @throws QiError */
  admit(text: string): void
  /** A statement was answered: its tables are free again. */
  passed(text: string): void
}

const LOCK_NOT_AVAILABLE = '55P03'
/** A statement that writes, on a server that takes none: a replica, or one that is being switched over. */
const READ_ONLY = '25006'
/** No unique key matches an ON CONFLICT. */
const NO_KEY = '42P10'
/** A column, a table, a function or a unique key that is missing, another type, bytes that do not fit a column's type. */
const SAYS_DRIFT = new Set(['42703', '42P01', '42804', NO_KEY, '42704', '42883', '22P03', '23502'])
const FRESH_MS = 1000
const ASK_MS = 2000
const SLOW_MS = 60_000
/** A table that was found locked is tried again by one statement after this time; meanwhile others are refused at once. */
const AGAIN_MS = 500
/** Longer than the wait of that one for the lock. */
const PROBE_MS = 3000

const TABLES = allTables.map(({ name }) => name)

/** Matches a statement about a table, by its own name or by that of its view. */
const mentions = (table: string): RegExp => {
  const spec = allTables.find(({ name }) => name === table)
  return new RegExp(`\\b(${table}${spec ? `|${publicName(spec)}` : ''})\\b`)
}

/** Looks at the tables over the control connection, which pools that are full do not hold up. */
export class Troubles implements FailureExplainer {
  readonly #control: Pick<ControlConnection, 'run'>
  readonly #place: string
  readonly #locked = new Map<string, { readonly error: QiError; readonly pattern: RegExp; until: number }>()
  #asked = 0
  #found: Promise<Found> | undefined
  #askedSlow = Number.NEGATIVE_INFINITY
  #slow: Promise<readonly StoreTrouble[]> = Promise.resolve([])

  /** @param place of the database, for people: a folder, or host and port */
  constructor(control: Pick<ControlConnection, 'run'>, place: string) {
    this.#control = control
    this.#place = place
  }

  /** @throws QiError where the database does not answer */
  look(): Promise<Found> {
    if (this.#found && Date.now() - this.#asked < FRESH_MS) return this.#found
    this.#asked = Date.now()
    this.#found = this.#ask()
    this.#found.catch(() => {})
    return this.#found
  }

  /**
   * What is wrong with hypertables, continuous aggregates and jobs of TimescaleDB; looked at once a minute.
   * @throws QiError where the database does not answer
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

  /** Everything that is wrong with the tables and jobs, now. @throws QiError where the database does not answer */
  async all(): Promise<readonly StoreTrouble[]> {
    const { drifts } = await this.#ask()
    return [...drifts, ...(await this.#askSlowly())]
  }

  #askSlowly(): Promise<readonly StoreTrouble[]> {
    const look = this.#control.run(timescaleTroubles)
    look.catch(() => {}) // may come too late
    return withTimeout(ASK_MS, 'looking at TimescaleDB', () => look)
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
    const behind = own.length === 0 && state === NO_KEY ? drifts.filter(({ keyless }) => keyless) : own
    return behind.length > 0 ? drifted(behind, failure) : failure
  }

  driftOf(table: string): Promise<QiError | undefined> {
    return this.#driftOf(table, 'stopsWriting', this.look())
  }

  /** Not from the look that others share: made before anything failed, it would hide the cause of the next failure. */
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
      known.until = Date.now() + PROBE_MS // this one finds out; others are refused until then
    }
  }

  passed(text: string): void {
    for (const [table, { pattern }] of this.#locked) if (pattern.test(text)) this.#locked.delete(table)
  }

  /** Stays retryable: after a switch-over the address leads to the primary again. */
  async #readOnly(failure: QiError): Promise<QiError> {
    const refusal = await this.#control.run((client) => refusesWrites(client, 'DATABASE_URL')).catch(() => undefined)
    return refusal ? new QiError('UNAVAILABLE', refusal.message, { cause: failure, advised: true }) : failure
  }

  async #ask(): Promise<Found> {
    const look = this.#control.run(async (client) => ({
      locks: await tableLocks(client, TABLES),
      drifts: await schemaDrift(client),
    }))
    look.catch(() => {}) // may come too late
    return withTimeout(ASK_MS, 'looking at the tables', () => look)
  }
}

/** One table, or writing alone, is concerned: what else there is goes on. */
const partial = (cause: QiError, message: string): QiError => new QiError('UNAVAILABLE', message, { cause, partial: true })

/** The same sentence for whoever meets it: writers, readers, the check and the doctor. */
export function drifted(drifts: readonly Drift[], cause?: unknown): QiError {
  return new QiError('UNAVAILABLE', drifts.map(({ what, remedy }) => `${what}: ${remedy}`).join('; '), {
    partial: true,
    ...(cause !== undefined && { cause }),
  })
}
