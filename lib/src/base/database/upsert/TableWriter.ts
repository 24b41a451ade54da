import { setTimeout as sleep } from 'node:timers/promises'
import type { Failure } from '../../types/index.ts'
import { classifyPgError, refusesRows, sqlState } from '../connections/errors.ts'
import type { FailureExplainer } from '../connections/FailureExplainer.ts'
import type { PoolClient } from '../connections/pool.ts'
import { type RowSource, readyRows } from '../copy/batch.ts'
import { copyIn } from '../copy/copyIn.ts'
import { mayHoldDuplicates } from '../copy/duplicates.ts'
import { sliceRows } from '../copy/rows.ts'
import { type SeriesNumbers, UnknownSeries } from '../series/SeriesNumbers.ts'
import { publicName, type TableSpec } from '../tables/tables.ts'
import { Merge } from './Merge.ts'
import { type Statements, statements } from './statements.ts'

const UNIQUE_VIOLATION = '23505'
/** Deadlock, serialization failure: caused by another writer; a retry helps. */
const REPEAT = new Set(['40P01', '40001'])
const REPEATS = 10
const MOST_STAGED = 64

type TableTroubles = Pick<FailureExplainer, 'driftOf' | 'keylessTable'>

/** Result of a write; all other rows were added. */
export interface WriteOutcome {
  readonly failed: readonly Failure[]
  /** Rows whose key existed already, in the table or earlier in the same write. */
  readonly overwritten: number
}

/**
 * Writes batches to one table. They are copied straight into it while all keys are new. After a duplicate key the next 1, 2, 4 … 64 batches
 * go through a stage and a merge; a merge that finds only new keys returns to straight copies.
 */
export class TableWriter {
  readonly #table: TableSpec
  readonly #sql: Statements
  /** Batches still to go through the stage before a straight copy is tried again. */
  #stagedLeft = 0
  #nextStagedRun = 1
  readonly #merge: Merge
  readonly #numbers: SeriesNumbers | undefined
  readonly #troubles: TableTroubles | undefined
  readonly #prepared = new WeakSet<PoolClient>()
  #hasKey = false

  /**
   * @param bySeries true if a merge may look up whole series at once
   * @param numbers series numbers, if the table is keyed by them
   * @param troubles explains a table that refuses every row, or lacks a primary key
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
   * @returns the refused rows, by the index of their records, and the number of overwritten ones; all others were added
   * @throws QiError if the failure is not about single rows: a lost connection, a full disk, a changed table …
   */
  async write(client: PoolClient, source: RowSource): Promise<WriteOutcome> {
    if (source.length === 0) return { failed: [], overwritten: 0 }
    const stored = await this.#store(client, source).catch((error: unknown) => ({ failure: error }))
    if (typeof stored === 'number') return { failed: [], overwritten: stored }
    const { failure } = stored
    const rows = refusesRows(sqlState(failure)) && (await this.#withNumbers(client, () => source.all()))
    if (!rows || rows.length === 0) throw classifyPgError(failure, `writing to ${publicName(this.#table)}`)
    // A changed table refuses valid rows too: these must not become dead letters.
    const drift = await this.#troubles?.driftOf(this.#table.name)
    if (drift) throw drift
    if (rows.length === 1)
      return { failed: [{ index: rows.records[0] as number, error: classifyPgError(failure) }], overwritten: 0 }
    // Bisects to find the refused rows.
    const middle = rows.length >> 1
    const left = await this.write(client, readyRows(sliceRows(rows, 0, middle)))
    const right = await this.write(client, readyRows(sliceRows(rows, middle, rows.length)))
    return { failed: [...left.failed, ...right.failed], overwritten: left.overwritten + right.overwritten }
  }

  /** Retries deadlocks. @returns the number of {@link WriteOutcome.overwritten} rows */
  async #store(client: PoolClient, source: RowSource): Promise<number> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#withNumbers(client, () => this.#storeOnce(client, source))
      } catch (error) {
        if (attempt === REPEATS || !REPEAT.has(sqlState(error) ?? '')) throw error
        await sleep(Math.random() * 20 * attempt)
      }
    }
  }

  /** Runs work; on UnknownSeries gives the series numbers and runs it again. The failed attempt was rolled back. */
  async #withNumbers<T>(client: PoolClient, work: () => T | Promise<T>): Promise<T> {
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
    if (this.#stagedLeft > 0) {
      this.#stagedLeft--
      return this.#throughStage(client, source)
    }
    await this.#requireKey()
    try {
      await copyIn(client, this.#sql.target, source.pieces())
      this.#resumeStraight()
      return 0
    } catch (error) {
      if (sqlState(error) !== UNIQUE_VIOLATION) throw error
      this.#stagedLeft = this.#nextStagedRun
      this.#nextStagedRun = Math.min(this.#nextStagedRun * 2, MOST_STAGED)
      return await this.#throughStage(client, source)
    }
  }

  /** Checks once that the table has a primary key: a badly restored database may lack it, and would store every row twice. */
  async #requireKey(): Promise<void> {
    if (this.#hasKey) return
    const drift = await this.#troubles?.keylessTable(this.#table.name)
    if (drift) throw drift
    this.#hasKey = true
  }

  /** All keys were new: the next batches are copied straight. */
  #resumeStraight(): void {
    this.#stagedLeft = 0
    this.#nextStagedRun = 1
  }

  async #throughStage(client: PoolClient, source: RowSource): Promise<number> {
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
      if (added === staged) this.#resumeStraight()
      return rows.length - added
    } catch (error) {
      await client.query('rollback').catch(() => {})
      throw error
    }
  }
}
