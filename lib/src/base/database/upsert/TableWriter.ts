import { setTimeout as sleep } from 'node:timers/promises'
import type { Failure } from '../../types/index.ts'
import { madeRows, type RowSource } from '../copy/batch.ts'
import { copyIn } from '../copy/copyIn.ts'
import { mayHoldDuplicates } from '../copy/duplicates.ts'
import { sliceRows } from '../copy/rows.ts'
import { classifyPgError, refusesRows, sqlState } from '../errors.ts'
import type { PoolClient } from '../pool.ts'
import { type SeriesNumbers, UnknownSeries } from '../series/SeriesNumbers.ts'
import { publicName, type TableSpec } from '../tables.ts'
import type { FailureExplainer } from '../trouble/Troubles.ts'
import { Merge } from './Merge.ts'
import { type Statements, statements } from './statements.ts'

const UNIQUE_VIOLATION = '23505'
/** Deadlock, serialization failure: another writer was in the way, and repeating helps. */
const REPEAT = new Set(['40P01', '40001'])
const REPEATS = 10
const MOST_STAGED = 64

type TableTroubles = Pick<FailureExplainer, 'driftOf' | 'keylessTable'>

/** The outcome of a write; rows in neither list were added. */
export interface Stored {
  readonly failed: readonly Failure[]
  /** Rows whose key was there already, in the table or earlier in the same write. */
  readonly overwritten: number
}

/** How batches reach one table: straight while keys are new, by a stage and a merge for a while after one was not. */
export class TableWriter {
  readonly #table: TableSpec
  readonly #sql: Statements
  /** Batches that go by the stage before straight is tried again. */
  #staged = 0
  #nextStaged = 1
  readonly #merge: Merge
  readonly #numbers: SeriesNumbers | undefined
  readonly #troubles: TableTroubles | undefined
  readonly #prepared = new WeakSet<PoolClient>()
  #hasKey = false

  /**
   * @param bySeries whether whole series may be looked up at once
   * @param numbers of the series of the rows, where the table is keyed by them
   * @param troubles say what differs in the table so that it refuses every row, or lacks a key
   */
  constructor(table: TableSpec, bySeries: boolean, numbers?: SeriesNumbers, troubles?: TableTroubles) {
    this.#table = table
    this.#numbers = numbers
    this.#troubles = troubles
    this.#sql = statements(table)
    this.#merge = new Merge(this.#sql, bySeries)
  }

  /**
   * Stores the rows durably.
   * @returns the rows that the database refuses, by the index of their records, and how many were overwritten; all others are stored
   * @throws QiError when nothing can be said about the rows: the connection was lost, the disk is full, the table was changed …
   */
  async write(client: PoolClient, source: RowSource): Promise<Stored> {
    if (source.length === 0) return { failed: [], overwritten: 0 }
    const stored = await this.#store(client, source).catch((error: unknown) => ({ failure: error }))
    if (typeof stored === 'number') return { failed: [], overwritten: stored }
    const { failure } = stored
    const refused = refusesRows(sqlState(failure)) && (await this.#learning(client, () => source.all()))
    if (!refused || refused.length === 0) throw classifyPgError(failure, `writing to ${publicName(this.#table)}`)
    const rows = refused
    // A table that was changed refuses good rows, too: they are no dead letters.
    const drift = await this.#troubles?.driftOf(this.#table.name)
    if (drift) throw drift
    if (rows.length === 1)
      return { failed: [{ index: rows.records[0] as number, error: classifyPgError(failure) }], overwritten: 0 }
    // One of them is at fault: halves, until it is found.
    const middle = rows.length >> 1
    const left = await this.write(client, madeRows(sliceRows(rows, 0, middle)))
    const right = await this.write(client, madeRows(sliceRows(rows, middle, rows.length)))
    return { failed: [...left.failed, ...right.failed], overwritten: left.overwritten + right.overwritten }
  }

  /** @returns how many rows were {@link Stored.overwritten} */
  async #store(client: PoolClient, source: RowSource): Promise<number> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#learning(client, () => this.#storeOnce(client, source))
      } catch (error) {
        if (attempt === REPEATS || !REPEAT.has(sqlState(error) ?? '')) throw error
        await sleep(Math.random() * 20 * attempt)
      }
    }
  }

  /** Repeats work that met series without a number, once these have one; what it did is taken back by then. */
  async #learning<T>(client: PoolClient, work: () => T | Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work()
      } catch (error) {
        if (!(error instanceof UnknownSeries)) throw error
        await this.#numbers?.learn(client, error.keys)
      }
    }
  }

  async #storeOnce(client: PoolClient, source: RowSource): Promise<number> {
    if (this.#staged > 0) {
      this.#staged--
      return this.#byStage(client, source)
    }
    await this.#expectKey()
    try {
      await copyIn(client, this.#sql.target, source.pieces())
      this.#trust()
      return 0
    } catch (error) {
      if (sqlState(error) !== UNIQUE_VIOLATION) throw error
      this.#staged = this.#nextStaged
      this.#nextStaged = Math.min(this.#nextStaged * 2, MOST_STAGED)
      return await this.#byStage(client, source)
    }
  }

  /** A database that was restored wrongly has no keys, and would take every row a second time. Asked once. */
  async #expectKey(): Promise<void> {
    if (this.#hasKey) return
    const drift = await this.#troubles?.keylessTable(this.#table.name)
    if (drift) throw drift
    this.#hasKey = true
  }

  /** Every key was new: so may be those that follow. */
  #trust(): void {
    this.#staged = 0
    this.#nextStaged = 1
  }

  async #byStage(client: PoolClient, source: RowSource): Promise<number> {
    if (!this.#prepared.has(client)) {
      await client.query(this.#sql.createStage)
      this.#prepared.add(client)
    }
    await client.query('begin')
    try {
      await copyIn(client, this.#sql.stageTarget, source.pieces())
      const rows = source.all()
      let staged = rows.length
      if (mayHoldDuplicates(this.#table, rows)) staged -= (await client.query(this.#sql.deduplicate)).rowCount ?? 0
      const added = await this.#merge.run(client, staged)
      await client.query('commit')
      if (added === staged) this.#trust()
      return rows.length - added
    } catch (error) {
      await client.query('rollback').catch(() => {})
      throw error
    }
  }
}
