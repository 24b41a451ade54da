import {
  type EncodedBatch,
  type Logger,
  type Micros,
  type RecordType,
  type RecordValues,
  type SeriesCalendars,
  silentLogger,
  type WriteOptions,
  type WriteResult,
} from '../../types/index.ts'
import { type Capabilities, detectCapabilities, type LayoutSetting } from '../capabilities.ts'
import { type ConnectOptions, createPool, type Pool, repointPool, withClient } from '../pool.ts'
import { allTables, SERIES, type TableSpec } from '../tables.ts'
import type { FailureExplainer } from '../trouble/Troubles.ts'
import { BulkWriter, type BulkWrites } from '../upsert/BulkWriter.ts'
import { WRITER_SETUP } from '../upsert/setup.ts'
import { type StoreJob, storeJobs } from './jobs.ts'
import { type FoundLayout, findLayout } from './layout.ts'
import { Policies } from './policies.ts'

export interface TimescaleOptions {
  readonly url: string
  /** How the tables are laid out by the first migration; default `auto`. */
  readonly layout?: LayoutSetting
  /** Leaves a database that is not set up as it is: an extension that was created to find out is taken back. */
  readonly trial?: boolean
  /** Connections for bulk writes; default 4. */
  readonly writers?: number
  readonly applicationName?: string
  readonly logger?: Logger
  /** Called when the database cannot be reached, before it is tried once more. */
  readonly recover?: () => Promise<void>
  /** Names the causes of failures that lie in the tables. */
  readonly troubles?: FailureExplainer
  /** The database's clock; default: the machine's. */
  readonly now?: () => Micros
  /** Tell when a bar is over; default: markets never close. */
  readonly calendars?: SeriesCalendars
}

/** A row of nothing: each column that must have a value gets one that its type knows. */
function trialRow(table: string): string {
  const { fields } = allTables.find(({ name }) => name === table) as TableSpec
  const needed = fields.filter(({ optional }) => !optional)
  const values = needed.map(({ name, kind }) => (name === SERIES.name ? NO_SERIES : TRIAL[kind]))
  return `insert into ${table} (${needed.map(({ name }) => name).join(', ')}) values (${values.join(', ')})`
}

/** A number that no series has. */
const NO_SERIES = '0'

const TRIAL = { text: "'qicore-check'", decimal: '1', time: 'now()', integer: '1', float: '1', boolean: 'false' } as const

/** Bulk writes and time-series administration of one database: TimescaleDB, or a plain PostgreSQL with what it has. */
export class TimescaleClient implements BulkWrites, AsyncDisposable {
  readonly capabilities: Capabilities
  /** Layout of the tables when the client was opened; a choice while the database is not set up. */
  readonly layout: FoundLayout
  /** Retention and compression. */
  readonly policies: Policies
  readonly #pool: Pool
  readonly #writer: BulkWriter
  readonly #connect: ConnectOptions

  private constructor(pool: Pool, capabilities: Capabilities, layout: FoundLayout, options: TimescaleOptions) {
    this.#pool = pool
    this.capabilities = capabilities
    this.layout = layout
    const { recover, troubles } = options
    this.#connect = { ...(recover && { recover }), ...(troubles && { troubles }) }
    this.policies = new Policies(pool, capabilities, this.#connect)
    // In chunks each series would be looked for in each chunk.
    const lookupBySeries = layout.layout === 'plain'
    this.#writer = new BulkWriter(pool, lookupBySeries, this.#connect, options.now, options.calendars)
  }

  /**
   * Chooses the layout of a database that is not set up, and creates the extension for it.
   * @throws QiError UNAVAILABLE, UNAUTHORIZED, TIMEOUT, NOT_FOUND (no such database), CONFIG_INVALID and UNSUPPORTED where the layout
   *   cannot be the one that is set
   */
  static async open(options: TimescaleOptions): Promise<TimescaleClient> {
    const logger = options.logger ?? silentLogger
    const pool = createPool(options.url, {
      max: options.writers ?? 4,
      applicationName: `${options.applicationName ?? 'qicore'} writer`,
      setup: WRITER_SETUP,
      onLost: (error) => logger.debug({ error: error.message }, 'a writing connection was lost'),
    })
    try {
      const layout = await findLayout(pool, options.layout ?? 'auto', options)
      return new TimescaleClient(pool, await withClient(pool, detectCapabilities), layout, options)
    } catch (error) {
      await pool.end()
      throw error
    }
  }

  /**
   * Stores records by their primary key, durably. Where a key is there already, the row with the greater (is_final,
   * received_at) stays, whatever the order of arrival. An instrument is spread over the three reference tables.
   * @returns per record: written (or outdone by a newer row), or refused by the database with a reason
   * @throws QiError retryable when the connection was lost or the server is down: nothing is lost by repeating it; CANCELLED,
   * TIMEOUT when the signal fires
   */
  upsert<R extends RecordValues>(type: RecordType<R>, records: readonly R[], options: WriteOptions = {}): Promise<WriteResult> {
    return this.#writer.upsert(type, records, options)
  }

  /**
   * {@link upsert} of records as they came off the wire. Those of a type with a table of its own go from their bytes straight into
   * rows; the result is the same.
   * @returns per record, an index counting through the batches in order; what does not decode is refused with BAD_DATA
   */
  upsertEncoded(type: RecordType, batches: readonly EncodedBatch[], options: WriteOptions = {}): Promise<WriteResult> {
    return this.#writer.upsertEncoded(type, batches, options)
  }

  /**
   * Writes a row of a table by a connection of the writers, and takes it back.
   * @param table one that records are stored in
   * @throws QiError
   */
  async tryWriting(table: string): Promise<void> {
    await withClient(
      this.#pool,
      async (client) => {
        await client.query('begin; set local lock_timeout = 1000')
        await client.query(trialRow(table))
        await client.query('rollback')
      },
      { ...this.#connect, about: table },
    )
  }

  /** Jobs of TimescaleDB on the tables of the store, such as compression policies; none in a plain layout. @throws QiError */
  async jobs(): Promise<readonly StoreJob[]> {
    if (this.layout.layout === 'plain' || !this.capabilities.hypertables) return []
    return (await withClient(this.#pool, storeJobs, this.#connect)).jobs
  }

  /** Connections that are made from now on go to another address. */
  repoint(url: string): void {
    repointPool(this.#pool, url)
  }

  /** Waits for the writes under way. */
  async close(): Promise<void> {
    if (!this.#pool.ending) await this.#pool.end()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
