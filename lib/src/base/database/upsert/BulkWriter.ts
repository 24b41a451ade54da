import {
  type EncodedBatch,
  type Failure,
  instrument,
  type Micros,
  NEVER_CLOSED,
  nowMicros,
  type QiError,
  type RecordType,
  type RecordValues,
  type SeriesCalendars,
  type WriteOptions,
  type WriteResult,
} from '../../types/index.ts'
import { type ConnectOptions, type Pool, type PoolClient, withClient } from '../connections/pool.ts'
import { LazyRows } from '../copy/batch.ts'
import { EncodedRows } from '../copy/encoded.ts'
import { groupByKey } from '../copy/group.ts'
import { RowEncoder } from '../copy/rows.ts'
import { SeriesNumbers } from '../series/SeriesNumbers.ts'
import { publicName, type TableSpec, tableOf } from '../tables/tables.ts'
import { admitAll } from './admitAll.ts'
import { decodeAll, portions } from './encodedBatches.ts'
import { TableWriter, type WriteOutcome } from './TableWriter.ts'

/** Rows in one COPY: large enough to hide the round trip, small enough that a commit comes soon. */
const ROWS = 20_000

interface Table {
  readonly spec: TableSpec
  readonly numbers: SeriesNumbers | undefined
  readonly encoder: RowEncoder
  readonly writer: TableWriter
  readonly groupBy: string
  /** Created with the first encoded records. */
  encoded?: EncodedRows
}

const isBar = ({ series }: Pick<RecordType, 'series'>): boolean => series?.proof === 'timeframe'

const NOTHING: WriteResult = { written: 0, overwritten: 0, failed: [] }

const resultOf = (given: number, { failed, overwritten }: WriteOutcome): WriteResult => ({
  written: given - failed.length - overwritten,
  overwritten,
  failed: failed.toSorted((a, b) => a.index - b.index),
})

/** Bulk writes of records. */
export interface BulkWrites {
  upsert<R extends RecordValues>(type: RecordType<R>, records: readonly R[], options?: WriteOptions): Promise<WriteResult>
  upsertEncoded(type: RecordType, batches: readonly EncodedBatch[], options?: WriteOptions): Promise<WriteResult>
}

/** Writes records of any type in bulk. */
export class BulkWriter implements BulkWrites {
  readonly #pool: Pool
  readonly #bySeries: boolean
  readonly #connect: ConnectOptions
  readonly #now: () => Micros
  readonly #calendars: SeriesCalendars
  readonly #tables = new Map<string, Table>()

  /**
   * @param bySeries true if a merge may look up whole series at once
   * @param now the database's clock: records from the future are refused
   * @param calendars decide when a bar is over
   */
  constructor(
    pool: Pool,
    bySeries: boolean,
    connect: ConnectOptions = {},
    now: () => Micros = nowMicros,
    calendars: SeriesCalendars = NEVER_CLOSED,
  ) {
    this.#calendars = calendars
    this.#pool = pool
    this.#now = now
    this.#bySeries = bySeries
    this.#connect = connect
  }

  /**
   * Stores records by their primary key, durably. On an existing key the row with the greater (is_final, received_at) stays, whatever
   * the order of arrival. Instruments go to the reference tables, by kind.
   * @returns counts of written and overwritten records, and each record that the database refuses, with the reason
   * @throws QiError retryable if the connection was lost or the server is down (repeating is safe); CANCELLED or TIMEOUT when the
   * signal fires
   */
  async upsert<R extends RecordValues>(
    type: RecordType<R>,
    records: readonly R[],
    options: WriteOptions = {},
  ): Promise<WriteResult> {
    if (records.length === 0) return NOTHING
    if (isBar(type)) await this.#calendars.refresh()
    const { admitted, places, refused } = admitAll(type, records, this.#now(), this.#calendars.of)
    const stored =
      admitted.length === 0
        ? { failed: [], overwritten: 0 }
        : type.name === instrument.name
          ? await this.#spread(type, admitted, options)
          : await this.#writeAll(type, admitted, options)
    const failed = stored.failed.map(({ index, error }) => ({ index: places?.[index] ?? index, error }))
    return resultOf(records.length, { ...stored, failed: [...refused, ...failed] })
  }

  /**
   * Like {@link upsert}, for records as they came off the wire. A type with a table of its own goes from bytes straight to rows, with
   * the same result.
   * @returns as {@link upsert}; an index counts through the batches in order. A record that does not decode is refused with BAD_DATA.
   */
  async upsertEncoded(type: RecordType, batches: readonly EncodedBatch[], options: WriteOptions = {}): Promise<WriteResult> {
    const total = batches.reduce((sum, batch) => sum + batch.length, 0)
    if (total === 0) return NOTHING
    if (isBar(type)) await this.#calendars.refresh()
    const stored =
      type.table === undefined ? await this.#decoded(type, batches, options) : await this.#encoded(type, batches, options)
    return resultOf(total, stored)
  }

  /** For record types without one table of their own: decodes, then chooses the table by the record. */
  async #decoded(type: RecordType, batches: readonly EncodedBatch[], options: WriteOptions): Promise<WriteOutcome> {
    const { records, indexes, failed } = decodeAll(type, batches)
    const { failed: refused, overwritten = 0 } = await this.upsert(type, records, options)
    return {
      failed: [...failed, ...refused.map(({ index, error }) => ({ index: indexes[index] as number, error }))],
      overwritten,
    }
  }

  #encoded(type: RecordType, batches: readonly EncodedBatch[], { signal }: WriteOptions): Promise<WriteOutcome> {
    const table = this.#table(tableOf(type, {}))
    table.encoded ??= new EncodedRows(type, table.spec, table.numbers, this.#now, this.#calendars.of)
    const { encoded, writer } = table
    const work = async (client: PoolClient): Promise<WriteOutcome> => {
      const failed: Failure[] = []
      let overwritten = 0
      for (const { part, first } of portions(batches, ROWS)) {
        const rows = encoded.open(part, first)
        const stored = await writer.write(client, rows)
        failed.push(...rows.failed, ...stored.failed)
        overwritten += stored.overwritten
        // Safe only after a success: after a failure some rows may still be in the socket.
        rows.release()
      }
      return { failed, overwritten }
    }
    return withClient(this.#pool, work, { ...this.#connect, about: publicName(table.spec), ...(signal ? { signal } : {}) })
  }

  /** Writes instruments to the reference tables, by kind. */
  async #spread(type: RecordType, records: readonly RecordValues[], options: WriteOptions): Promise<WriteOutcome> {
    const failed: Failure[] = []
    let overwritten = 0
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
      const stored = await this.#writeRows(spec, part, options)
      for (const { index, error } of stored.failed) failed.push({ index: indexes[index] as number, error })
      overwritten += stored.overwritten
    }
    // The instruments may name other calendars now.
    await this.#calendars.refresh(0)
    return { failed, overwritten }
  }

  #writeAll(type: RecordType, records: readonly RecordValues[], options: WriteOptions): Promise<WriteOutcome> {
    return this.#writeRows(tableOf(type, records[0] as RecordValues), records, options)
  }

  #writeRows(spec: TableSpec, records: readonly RecordValues[], { signal }: WriteOptions = {}): Promise<WriteOutcome> {
    const table = this.#table(spec)
    return withClient(this.#pool, (client) => this.#batches(client, table, records), {
      ...this.#connect,
      about: publicName(spec),
      ...(signal ? { signal } : {}),
    })
  }

  async #batches(client: PoolClient, table: Table, records: readonly RecordValues[]): Promise<WriteOutcome> {
    const failed: Failure[] = []
    let overwritten = 0
    for (let from = 0; from < records.length; from += ROWS) {
      const to = Math.min(from + ROWS, records.length)
      await table.numbers?.learnOf(client, records.slice(from, to))
      const order = groupByKey(records, table.groupBy, from, to)
      const rows = new LazyRows(table.encoder, records, order)
      const stored = await table.writer.write(client, rows)
      failed.push(...rows.failed, ...stored.failed)
      overwritten += stored.overwritten
    }
    return { failed, overwritten }
  }

  #table(spec: TableSpec): Table {
    let table = this.#tables.get(spec.name)
    if (!table) {
      const leading = spec.series?.names[0] ?? spec.fields.find((field) => field.name === spec.key[0])
      const numbers = spec.series && new SeriesNumbers(spec.series)
      table = {
        spec,
        numbers,
        encoder: new RowEncoder(spec, numbers),
        writer: new TableWriter(spec, this.#bySeries, numbers, this.#connect.troubles),
        groupBy: leading?.property ?? '',
      }
      this.#tables.set(spec.name, table)
    }
    return table
  }
}
