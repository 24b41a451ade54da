import { type Logger, type Micros, type SeriesCalendars, silentLogger } from '../../types/index.ts'
import { type Capabilities, detectCapabilities, type LayoutSetting } from '../connections/capabilities.ts'
import type { FailureExplainer } from '../connections/FailureExplainer.ts'
import { type ConnectOptions, createPool, type Pool, repointPool, withClient } from '../connections/pool.ts'
import { allTables, SERIES, type TableSpec } from '../tables/tables.ts'
import { BulkWriter } from '../upsert/BulkWriter.ts'
import { WRITER_SETUP } from '../upsert/setup.ts'
import { type StoreJob, storeJobs } from './jobs.ts'
import { type FoundLayout, findLayout } from './layout.ts'
import { Policies } from './policies.ts'

export interface TimescaleOptions {
  readonly url: string
  /** Layout for the first migration; default `auto`. */
  readonly layout?: LayoutSetting
  /** True: a database that is not set up stays unchanged; an extension created as a test is rolled back. */
  readonly trial?: boolean
  /** Connections for bulk writes; default 4. */
  readonly writers?: number
  readonly applicationName?: string
  readonly logger?: Logger
  /** Called when the database cannot be reached, before the second and last attempt. */
  readonly recover?: () => Promise<void>
  /** Explains failures caused by the tables. */
  readonly troubles?: FailureExplainer
  /** The database's clock; default: the machine's. */
  readonly now?: () => Micros
  /** Decide when a bar is over; default: markets never close. */
  readonly calendars?: SeriesCalendars
}

/** SQL that inserts a trial row, with a valid value in each required column. */
function trialRow(table: string): string {
  const { fields } = allTables.find(({ name }) => name === table) as TableSpec
  const needed = fields.filter(({ optional }) => !optional)
  const values = needed.map(({ name, kind }) => (name === SERIES.name ? NO_SERIES : TRIAL[kind]))
  return `insert into ${table} (${needed.map(({ name }) => name).join(', ')}) values (${values.join(', ')})`
}

/** A series number that is never used. */
const NO_SERIES = '0'

const TRIAL = {
  text: "'qicore-check'",
  decimal: '1',
  time: 'now()',
  integer: '1',
  float: '1',
  boolean: 'false',
  decimals: "'{1}'",
} as const

/** Bulk writes and time-series administration of one database: TimescaleDB, or plain PostgreSQL with fewer features. */
export class TimescaleClient extends BulkWriter implements AsyncDisposable {
  readonly capabilities: Capabilities
  /** Layout of the tables when the client was opened; only chosen, not stored, while the database is not set up. */
  readonly layout: FoundLayout
  /** Retention and compression. */
  readonly policies: Policies
  readonly #pool: Pool
  readonly #connect: ConnectOptions

  private constructor(pool: Pool, capabilities: Capabilities, layout: FoundLayout, options: TimescaleOptions) {
    const { recover, troubles } = options
    const connect = { ...(recover && { recover }), ...(troubles && { troubles }) }
    // In a hypertable a lookup of whole series would search every chunk.
    const lookupBySeries = layout.layout === 'plain'
    super(pool, lookupBySeries, connect, options.now, options.calendars)
    this.#pool = pool
    this.#connect = connect
    this.capabilities = capabilities
    this.layout = layout
    this.policies = new Policies(pool, capabilities, connect)
  }

  /**
   * Connects. If the database is not set up, chooses its layout, and creates the extension if needed.
   * @throws QiError UNAVAILABLE, UNAUTHORIZED, TIMEOUT, NOT_FOUND (no such database); CONFIG_INVALID or UNSUPPORTED if the configured layout
   *   is not possible
   */
  static async open(options: TimescaleOptions): Promise<TimescaleClient> {
    const logger = options.logger ?? silentLogger
    const pool = createPool(options.url, {
      max: options.writers ?? 4,
      applicationName: `${options.applicationName ?? 'qicore'} writer`,
      setup: WRITER_SETUP,
      onLost: (error) => logger.debug({ err: error }, 'a writing connection was lost'),
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
   * Inserts a trial row over a writer's connection, and rolls it back.
   * @param table a table of records
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

  /** Sets another address for new connections. */
  repoint(url: string): void {
    repointPool(this.#pool, url)
  }

  /** Waits for the writes in progress. */
  async close(): Promise<void> {
    if (!this.#pool.ending) await this.#pool.end()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
