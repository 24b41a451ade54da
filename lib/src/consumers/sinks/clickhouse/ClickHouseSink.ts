import { RecordFields } from '../../../base/database/index.ts'
import {
  type CheckResult,
  type EncodedBatch,
  type Failure,
  QiError,
  type RecordType,
  type RecordValues,
  type RowSink,
  toQiError,
  type WriteOptions,
  type WriteResult,
} from '../../../base/types/index.ts'
import { writeEncodedly } from '../shared/writeEncodedly.ts'
import { isMissingTable, isOfData } from './failures.ts'
import { bodyOf, LineMaker } from './lines.ts'
import type { Server } from './Server.ts'
import { insertInto } from './shape.ts'
import type { Table, Tables } from './Tables.ts'

/** A line of JSON, with the index of its record. */
interface Line {
  readonly bytes: Uint8Array
  readonly index: number
}

export class ClickHouseSink implements RowSink {
  readonly guarantee = 'upsert'
  readonly name: string
  readonly #server: Server
  readonly #tables: Tables
  readonly #makers = new Map<string, LineMaker>()

  constructor(name: string, server: Server, tables: Tables) {
    this.name = name
    this.#server = server
    this.#tables = tables
  }

  accepts(): boolean {
    return true
  }

  write<R extends RecordValues>(type: RecordType<R>, records: readonly R[], options?: WriteOptions): Promise<WriteResult> {
    return writeEncodedly(this, type, records, options)
  }

  async writeEncoded(type: RecordType, batches: readonly EncodedBatch[], options?: WriteOptions): Promise<WriteResult> {
    const maker = this.#makerOf(type)
    const failed: Failure[] = []
    const plain: Line[] = []
    const exact: Line[] = []
    let index = 0
    for (const batch of batches)
      for (let at = 0; at < batch.length; at++, index++)
        try {
          const line = maker.line(batch, at)
          ;(line.exact ? exact : plain).push({ bytes: line.bytes, index })
        } catch (error) {
          failed.push({ index, error: toQiError(error) })
        }
    try {
      await this.#insertAll(type, plain, exact, failed, options?.signal)
    } catch (error) {
      throw this.#server.failure(error)
    }
    failed.sort((a, b) => a.index - b.index)
    return { written: index - failed.length, failed }
  }

  async check(): Promise<CheckResult> {
    try {
      const [found] = await this.#server.rows<{ version: string }>('select version() as version')
      return { ok: true, summary: `ClickHouse ${found?.version} at ${this.#server.site.peer} answers` }
    } catch (thrown) {
      const error = this.#server.failure(thrown)
      return { ok: false, summary: error.message, error }
    }
  }

  close(): Promise<void> {
    return this.#server.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #makerOf(type: RecordType): LineMaker {
    const known = this.#makers.get(type.name)
    if (known) return known
    const maker = new LineMaker(type, new RecordFields(type))
    this.#makers.set(type.name, maker)
    return maker
  }

  async #insertAll(type: RecordType, plain: readonly Line[], exact: readonly Line[], failed: Failure[], signal?: AbortSignal) {
    const insert = async () => {
      const table = await this.#tables.of(type)
      await this.#insert(table, table.given, plain, failed, signal)
      await this.#insert(table, table.all, exact, failed, signal)
    }
    const before = failed.length
    try {
      await insert()
    } catch (error) {
      if (!isMissingTable(error)) throw error
      // The table was dropped meanwhile: it is created again.
      this.#tables.forget(type)
      failed.length = before
      await insert()
    }
  }

  /** Inserts lines. Where the server refuses the data, it bisects them until the bad records are found. */
  async #insert(
    table: Table,
    columns: readonly string[],
    lines: readonly Line[],
    failed: Failure[],
    signal?: AbortSignal,
  ): Promise<void> {
    const [first] = lines
    if (!first) return
    try {
      await this.#server.insert(insertInto(table.name, columns), bodyOf(lines.map(({ bytes }) => bytes)), signal)
    } catch (error) {
      if (!isOfData(error)) throw error
      if (lines.length === 1) {
        failed.push({ index: first.index, error: new QiError('BAD_DATA', this.#server.failure(error).message, { cause: error }) })
        return
      }
      const middle = lines.length >> 1
      await this.#insert(table, columns, lines.slice(0, middle), failed, signal)
      await this.#insert(table, columns, lines.slice(middle), failed, signal)
    }
  }
}
