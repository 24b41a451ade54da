import { QiError } from '../../types/index.ts'
import type { Capabilities } from '../connections/capabilities.ts'
import { type ConnectOptions, type Pool, type PoolClient, withClient } from '../connections/pool.ts'
import { enableCompression } from '../hypertables/compression.ts'
import { TIME_TABLES, type TimeTable } from '../hypertables/hypertables.ts'
import { mayDropBefore, resetKeptSince } from '../rollups/horizon.ts'
import { recountBefore } from '../series/registry.ts'
import { rowsTableOf, seriesTables } from '../tables/tables.ts'

/** Rows deleted per statement; few, so that writers do not wait. */
const DELETE_ROWS = 20_000
/** Rows found per cursor. */
const FIND_ROWS = 500_000
const HOUR_MS = 3_600_000
const TABLES = Object.keys(TIME_TABLES) as TimeTable[]

export interface RetentionResult {
  readonly table: TimeTable
  /** Unit of `dropped`. */
  readonly unit: 'chunks' | 'rows'
  readonly dropped: number
}

/** Retention and compression of the tables. */
export class Policies {
  readonly #pool: Pool
  readonly #capabilities: Capabilities
  readonly #connect: ConnectOptions

  constructor(pool: Pool, capabilities: Capabilities, connect: ConnectOptions = {}) {
    this.#pool = pool
    this.#capabilities = capabilities
    this.#connect = connect
  }

  /** Sets how many days of a table are kept; undefined: everything. {@link applyRetention} drops the older rows. */
  async setRetention(table: TimeTable, days: number | undefined): Promise<void> {
    checkTable(table)
    if (days !== undefined) checkDays(days)
    const name = `retention.${table}`
    await this.#run(async (client) => {
      if (days === undefined) await client.query('delete from qicore_settings where name = $1', [name])
      else
        await client.query(
          'insert into qicore_settings values ($1, $2) on conflict (name) do update set value = excluded.value',
          [name, String(days)],
        )
      await resetKeptSince(client, table, days)
    })
  }

  /** Days of retention by table; tables that keep everything are omitted. */
  async retention(): Promise<Partial<Record<TimeTable, number>>> {
    const { rows } = await this.#run((client) =>
      client.query<{ name: string; value: string }>("select name, value from qicore_settings where name like 'retention.%'"),
    )
    return Object.fromEntries(rows.map((row) => [row.name.slice('retention.'.length), Number(row.value)]))
  }

  /**
   * Drops rows older than the retention of their table; call it regularly. Hypertables drop whole chunks; plain tables delete rows in
   * batches, each committed separately.
   */
  async applyRetention(options: { readonly signal?: AbortSignal } = {}): Promise<readonly RetentionResult[]> {
    const results: RetentionResult[] = []
    for (const [table, days] of Object.entries(await this.retention()) as [TimeTable, number][]) {
      checkTable(table)
      const wanted = new Date(Date.now() - days * 24 * HOUR_MS).toISOString()
      const before = await this.#run((client) => mayDropBefore(client, table, wanted))
      const unit = (await this.#isHypertable(table)) ? 'chunks' : 'rows'
      const drop = unit === 'chunks' ? dropChunks : deleteRows
      results.push({ table, unit, dropped: await this.#run((client) => drop(client, table, before, options.signal), options) })
    }
    return results
  }

  /**
   * Sets the age in days from which on chunks of a table are compressed; undefined: never. Writes into compressed chunks still work: the
   * touched segments are decompressed.
   * @throws QiError UNSUPPORTED without TimescaleDB's community edition
   */
  async setCompression(table: TimeTable, afterDays: number | undefined): Promise<void> {
    checkTable(table)
    await this.#needs('compression', 'compression')
    await this.#run(async (client) => {
      await client.query('select remove_compression_policy($1::regclass, if_exists => true)', [rowsTableOf(table)])
      if (afterDays === undefined) return
      checkDays(afterDays)
      await enableCompression(client, table, `${Math.round(afterDays * 24)} hours`)
    })
  }

  /** True if {@link setCompression} is supported by this database and its layout. */
  async canCompress(): Promise<boolean> {
    return this.#capabilities.compression && (await this.#isHypertable('crypto_prices'))
  }

  /** Age in days from which on chunks are compressed, by table; tables without compression are omitted. */
  async compression(): Promise<Partial<Record<TimeTable, number>>> {
    if (!(await this.canCompress())) return {}
    const { rows } = await this.#run((client) =>
      client.query<{ name: string; days: string }>(`select hypertable_name as name,
        extract(epoch from (config->>'compress_after')::interval) / 86400 as days
        from timescaledb_information.jobs where proc_name = 'policy_compression' and config ? 'compress_after'`),
    )
    const days = new Map(rows.map((row) => [row.name, Number(row.days)]))
    return Object.fromEntries(
      TABLES.flatMap((table) => (days.has(rowsTableOf(table)) ? [[table, days.get(rowsTableOf(table))]] : [])),
    )
  }

  /** @throws QiError UNSUPPORTED if the capability, or the hypertable layout, is missing */
  async #needs(capability: 'compression' | 'hypertables', what: string): Promise<void> {
    if (!this.#capabilities[capability]) throw unsupported(what)
    if (!(await this.#isHypertable('crypto_prices'))) throw unsupported(`${what} on plain tables`)
  }

  async #isHypertable(table: TimeTable): Promise<boolean> {
    if (!this.#capabilities.hypertables) return false
    const { rowCount } = await this.#run((client) =>
      client.query('select from timescaledb_information.hypertables where hypertable_name = $1', [rowsTableOf(table)]),
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
  const rows = rowsTableOf(table)
  const { rowCount } = await client.query('select drop_chunks($1::regclass, older_than => $2::timestamptz)', [rows, before])
  // Dropping a chunk fires no trigger.
  const spec = seriesTables.find(({ name }) => name === rows)
  if (rowCount && spec) for (const statement of recountBefore(spec, quoted(before))) await client.query(statement)
  return rowCount ?? 0
}

/**
 * Deletes old rows in batches. One cursor finds rows for many batches, since every new search would first pass over the rows just deleted.
 * A ctid may hold another row by the time of the delete, so the time is checked again.
 */
async function deleteRows(client: PoolClient, table: TimeTable, before: string, signal?: AbortSignal): Promise<number> {
  let dropped = 0
  // The writers' sessions avoid the block range index that leads to old rows.
  await client.query('set enable_bitmapscan = on; set enable_seqscan = on')
  try {
    for (let found = FIND_ROWS; found === FIND_ROWS && !signal?.aborted; ) {
      found = 0
      await client.query(
        `declare old_rows no scroll cursor with hold for select ctid from ${rowsTableOf(table)} where time < ${quoted(before)} limit ${FIND_ROWS}`,
      )
      for (let batch = DELETE_ROWS; batch === DELETE_ROWS && !signal?.aborted; found += batch) {
        const { rows } = await client.query<{ ctid: string }>(`fetch ${DELETE_ROWS} from old_rows`)
        batch = rows.length
        const places = rows.map(({ ctid }) => ctid)
        const { rowCount } = await client.query(`delete from ${rowsTableOf(table)} where ctid = any ($1::tid[]) and time < $2`, [
          places,
          before,
        ])
        dropped += rowCount ?? 0
      }
      await client.query('close old_rows')
    }
  } finally {
    await client.query('set enable_bitmapscan = off; set enable_seqscan = off')
  }
  return dropped
}

/** Quotes a time, since a cursor takes no parameters. */
const quoted = (time: string): string => `'${time.replaceAll("'", "''")}'::timestamptz`

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
