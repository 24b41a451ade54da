import { type Micros, QiError } from '../../types/index.ts'
import type { Capabilities } from '../capabilities.ts'
import { type ConnectOptions, type Pool, type PoolClient, withClient } from '../pool.ts'
import { ARRANGEMENT } from './compression.ts'
import { createAggregates, refreshAggregates } from './continuousAggregates.ts'
import { TIME_TABLES, type TimeTable } from './hypertables.ts'

/** Rows deleted in one statement: short enough that writers do not wait for it. */
const DELETE_ROWS = 20_000
const HOUR_MS = 3_600_000

export interface RetentionResult {
  readonly table: TimeTable
  /** What was dropped: whole chunks, or rows. */
  readonly unit: 'chunks' | 'rows'
  readonly dropped: number
}

/** How old data may become, and from when on it is compressed. */
export class Policies {
  readonly #pool: Pool
  readonly #capabilities: Capabilities
  readonly #connect: ConnectOptions

  constructor(pool: Pool, capabilities: Capabilities, connect: ConnectOptions = {}) {
    this.#pool = pool
    this.#capabilities = capabilities
    this.#connect = connect
  }

  /** Keeps so many days of a table from now on, or everything when undefined; {@link applyRetention} does the dropping. */
  async setRetention(table: TimeTable, days: number | undefined): Promise<void> {
    checkTable(table)
    if (days !== undefined) checkDays(days)
    const name = `retention.${table}`
    await this.#run((client) =>
      days === undefined
        ? client.query('delete from qicore_settings where name = $1', [name])
        : client.query('insert into qicore_settings values ($1, $2) on conflict (name) do update set value = excluded.value', [
            name,
            String(days),
          ]),
    )
  }

  /** The tables that do not keep everything, and for how many days they do. */
  async retention(): Promise<Partial<Record<TimeTable, number>>> {
    const { rows } = await this.#run((client) =>
      client.query<{ name: string; value: string }>("select name, value from qicore_settings where name like 'retention.%'"),
    )
    return Object.fromEntries(rows.map((row) => [row.name.slice('retention.'.length), Number(row.value)]))
  }

  /**
   * Drops what is older than each table keeps; call it now and then. Chunks go as a whole; where there are none, rows are
   * deleted in batches, each committed by itself.
   */
  async applyRetention(options: { readonly signal?: AbortSignal } = {}): Promise<readonly RetentionResult[]> {
    const results: RetentionResult[] = []
    for (const [table, days] of Object.entries(await this.retention()) as [TimeTable, number][]) {
      checkTable(table)
      const before = new Date(Date.now() - days * 24 * HOUR_MS).toISOString()
      const unit = this.#capabilities.retention === 'chunks' && (await this.#isHypertable(table)) ? 'chunks' : 'rows'
      const drop = unit === 'chunks' ? dropChunks : deleteRows
      results.push({ table, unit, dropped: await this.#run((client) => drop(client, table, before, options.signal), options) })
    }
    return results
  }

  /**
   * Compresses chunks of a table once they are so many days old; undefined ends it. Writes into a compressed chunk still work:
   * the segments they touch are decompressed.
   * @throws QiError UNSUPPORTED without TimescaleDB's community edition
   */
  async setCompression(table: TimeTable, afterDays: number | undefined): Promise<void> {
    checkTable(table)
    await this.#needs('compression', 'compression')
    await this.#run(async (client) => {
      await client.query('select remove_compression_policy($1::regclass, if_exists => true)', [table])
      if (afterDays === undefined) return
      checkDays(afterDays)
      const { segmentBy, orderBy } = ARRANGEMENT[table]
      await client.query(
        `alter table ${table} set (timescaledb.compress, timescaledb.compress_segmentby = '${segmentBy}', timescaledb.compress_orderby = '${orderBy}')`,
      )
      await client.query('select add_compression_policy($1::regclass, make_interval(hours => $2))', [
        table,
        Math.round(afterDays * 24),
      ])
    })
  }

  /**
   * Views `candles_5m`, `candles_15m`, `candles_1h`, `candles_4h` and `candles_1d`, kept rolled up from one-minute bars.
   * @throws QiError UNSUPPORTED without TimescaleDB's community edition
   */
  async createContinuousAggregates(): Promise<void> {
    await this.#needs('continuousAggregates', 'continuous aggregates')
    await this.#run(createAggregates)
  }

  /** Brings them up to date for a stretch of history, such as one that was backfilled. @throws QiError UNSUPPORTED */
  async refreshContinuousAggregates(from: Micros, to: Micros): Promise<void> {
    await this.#needs('continuousAggregates', 'continuous aggregates')
    await this.#run((client) => refreshAggregates(client, from, to))
  }

  /** @throws QiError UNSUPPORTED, saying what is missing */
  async #needs(capability: 'compression' | 'continuousAggregates' | 'hypertables', what: string): Promise<void> {
    if (!this.#capabilities[capability]) throw unsupported(what)
    if (!(await this.#isHypertable('crypto_prices'))) throw unsupported(`${what} on plain tables`)
  }

  async #isHypertable(table: TimeTable): Promise<boolean> {
    if (!this.#capabilities.hypertables) return false
    const { rowCount } = await this.#run((client) =>
      client.query('select from timescaledb_information.hypertables where hypertable_name = $1', [table]),
    )
    return rowCount === 1
  }

  #run<T>(work: (client: PoolClient) => Promise<T>, options: { readonly signal?: AbortSignal } = {}): Promise<T> {
    return withClient(this.#pool, work, { ...this.#connect, ...options })
  }
}

export const unsupported = (what: string): QiError =>
  new QiError(
    'UNSUPPORTED',
    `this database does not offer ${what}: it needs TimescaleDB (community edition) and tables set up with it`,
  )

async function dropChunks(client: PoolClient, table: TimeTable, before: string): Promise<number> {
  const { rowCount } = await client.query('select drop_chunks($1::regclass, older_than => $2::timestamptz)', [table, before])
  return rowCount ?? 0
}

async function deleteRows(client: PoolClient, table: TimeTable, before: string, signal?: AbortSignal): Promise<number> {
  // The writers' sessions avoid the block range index that leads to old rows.
  const find = `delete from ${table} where ctid = any (array(select ctid from ${table} where time < $1 limit ${DELETE_ROWS}))`
  let dropped = 0
  await client.query('set enable_bitmapscan = on; set enable_seqscan = on')
  try {
    for (let batch = DELETE_ROWS; batch === DELETE_ROWS && !signal?.aborted; dropped += batch)
      batch = (await client.query(find, [before])).rowCount ?? 0
  } finally {
    await client.query('set enable_bitmapscan = off; set enable_seqscan = off')
  }
  return dropped
}

function checkTable(table: string): void {
  if (!(table in TIME_TABLES))
    throw new QiError('BAD_REQUEST', `"${table}" is no table of time series; known are ${Object.keys(TIME_TABLES).join(', ')}`, {
      field: 'table',
    })
}

function checkDays(days: number): void {
  if (!(days > 0 && days <= 36_500))
    throw new QiError('BAD_REQUEST', `${days} is not a number of days between 0 and 36,500`, { field: 'days' })
}
