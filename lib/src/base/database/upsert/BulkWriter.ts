import {
  type EncodedBatch,
  type Failure,
  instrument,
  type QiError,
  type RecordType,
  type RecordValues,
  type WriteOptions,
  type WriteResult,
} from '../../types/index.ts'
import { LazyRows } from '../copy/batch.ts'
import { EncodedRows } from '../copy/encoded.ts'
import { groupByKey } from '../copy/group.ts'
import { RowEncoder } from '../copy/rows.ts'
import { type ConnectOptions, type Pool, type PoolClient, withClient } from '../pool.ts'
import { type TableSpec, tableOf } from '../tables.ts'
import { decodeAll, portions } from './encodedBatches.ts'
import { TableWriter } from './TableWriter.ts'

/** Rows in one COPY: large enough to hide the round trip, small enough that a commit comes soon. */
const ROWS = 20_000

interface Table {
  readonly spec: TableSpec
  readonly encoder: RowEncoder
  readonly writer: TableWriter
  readonly groupBy: string
  /** Made when the first encoded records come. */
  encoded?: EncodedRows
}

/** What bulk writes look like from outside. */
export interface BulkWrites {
  upsert<R extends RecordValues>(type: RecordType<R>, records: readonly R[], options?: WriteOptions): Promise<WriteResult>
  upsertEncoded(type: RecordType, batches: readonly EncodedBatch[], options?: WriteOptions): Promise<WriteResult>
}

/** Writes records of any type in bulk. */
export class BulkWriter implements BulkWrites {
  readonly #pool: Pool
  readonly #bySeries: boolean
  readonly #connect: ConnectOptions
  readonly #tables = new Map<string, Table>()

  /** @param bySeries whether whole series may be looked up at once */
  constructor(pool: Pool, bySeries: boolean, connect: ConnectOptions = {}) {
    this.#pool = pool
    this.#bySeries = bySeries
    this.#connect = connect
  }

  /** @see TimescaleClient.upsert */
  async upsert<R extends RecordValues>(
    type: RecordType<R>,
    records: readonly R[],
    options: WriteOptions = {},
  ): Promise<WriteResult> {
    if (records.length === 0) return { written: 0, failed: [] }
    const failed =
      type.name === instrument.name ? await this.#spread(type, records, options) : await this.#writeAll(type, records, options)
    failed.sort((a, b) => a.index - b.index)
    return { written: records.length - failed.length, failed }
  }

  /** @see TimescaleClient.upsertEncoded */
  async upsertEncoded(type: RecordType, batches: readonly EncodedBatch[], options: WriteOptions = {}): Promise<WriteResult> {
    const total = batches.reduce((sum, batch) => sum + batch.length, 0)
    if (total === 0) return { written: 0, failed: [] }
    const failed =
      type.table === undefined ? await this.#decoded(type, batches, options) : await this.#encoded(type, batches, options)
    failed.sort((a, b) => a.index - b.index)
    return { written: total - failed.length, failed }
  }

  /** Records that have no table of their own are told apart by what they hold. */
  async #decoded(type: RecordType, batches: readonly EncodedBatch[], options: WriteOptions): Promise<Failure[]> {
    const { records, indexes, failed } = decodeAll(type, batches)
    const refused = (await this.upsert(type, records, options)).failed
    return [...failed, ...refused.map(({ index, error }) => ({ index: indexes[index] as number, error }))]
  }

  #encoded(type: RecordType, batches: readonly EncodedBatch[], { signal }: WriteOptions): Promise<Failure[]> {
    const table = this.#table(tableOf(type, {}))
    table.encoded ??= new EncodedRows(type, table.spec)
    const { encoded, writer } = table
    const work = async (client: PoolClient): Promise<Failure[]> => {
      const failed: Failure[] = []
      for (const { part, first } of portions(batches, ROWS)) {
        const rows = encoded.open(part, first)
        const refused = await writer.write(client, rows)
        failed.push(...rows.failed, ...refused)
        // Now that the write is answered the server has read them; after a failure some may still be on their way.
        rows.release()
      }
      return failed
    }
    return withClient(this.#pool, work, { ...this.#connect, about: table.spec.name, ...(signal ? { signal } : {}) })
  }

  /** By kind, over the three reference tables. */
  async #spread(type: RecordType, records: readonly RecordValues[], options: WriteOptions): Promise<Failure[]> {
    const failed: Failure[] = []
    const byTable = new Map<TableSpec, number[]>()
    records.forEach((record, index) => {
      try {
        const spec = tableOf(type, record)
        const indexes = byTable.get(spec)
        if (indexes) indexes.push(index)
        else byTable.set(spec, [index])
      } catch (error) {
        failed.push({ index, error: error as QiError })
      }
    })
    for (const [spec, indexes] of byTable) {
      const part = indexes.map((index) => records[index] as RecordValues)
      for (const { index, error } of await this.writeRows(spec, part, options))
        failed.push({ index: indexes[index] as number, error })
    }
    return failed
  }

  #writeAll(type: RecordType, records: readonly RecordValues[], options: WriteOptions): Promise<Failure[]> {
    return this.writeRows(tableOf(type, records[0] as RecordValues), records, options)
  }

  /** Writes records whose fields are the columns of a table. */
  writeRows(spec: TableSpec, records: readonly RecordValues[], { signal }: WriteOptions = {}): Promise<Failure[]> {
    const table = this.#table(spec)
    return withClient(this.#pool, (client) => this.#batches(client, table, records), {
      ...this.#connect,
      about: spec.name,
      ...(signal ? { signal } : {}),
    })
  }

  async #batches(client: PoolClient, table: Table, records: readonly RecordValues[]): Promise<Failure[]> {
    const failed: Failure[] = []
    for (let from = 0; from < records.length; from += ROWS) {
      const order = groupByKey(records, table.groupBy, from, Math.min(from + ROWS, records.length))
      const rows = new LazyRows(table.encoder, records, order)
      const refused = await table.writer.write(client, rows)
      failed.push(...rows.failed, ...refused)
    }
    return failed
  }

  #table(spec: TableSpec): Table {
    let table = this.#tables.get(spec.name)
    if (!table) {
      const leading = spec.fields.find((field) => field.name === spec.key[0])
      table = {
        spec,
        encoder: new RowEncoder(spec),
        writer: new TableWriter(spec, this.#bySeries, this.#connect.troubles?.driftOf.bind(this.#connect.troubles)),
        groupBy: leading?.property ?? '',
      }
      this.#tables.set(spec.name, table)
    }
    return table
  }
}
