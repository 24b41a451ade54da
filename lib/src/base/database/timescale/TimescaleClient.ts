import {
  type CheckResult,
  type EncodedBatch,
  errorMessage,
  type Logger,
  type RecordType,
  type RecordValues,
  silentLogger,
  toQiError,
  type WriteOptions,
  type WriteResult,
} from '../../types/index.ts'
import { type Capabilities, detectCapabilities, enableTimescale } from '../capabilities.ts'
import { layoutMismatch } from '../migrations/index.ts'
import { createPool, type Pool, repointPool, withClient } from '../pool.ts'
import { BulkWriter, type BulkWrites } from '../upsert/BulkWriter.ts'
import { WRITER_SETUP } from '../upsert/setup.ts'
import { Policies } from './policies.ts'

export interface TimescaleOptions {
  readonly url: string
  /** Connections for bulk writes; default 4. */
  readonly writers?: number
  readonly applicationName?: string
  readonly logger?: Logger
  /** Called when the database cannot be reached, before it is tried once more. */
  readonly recover?: () => Promise<void>
}

/** Bulk writes and time-series administration of one database: TimescaleDB, or a plain PostgreSQL with what it has. */
export class TimescaleClient implements BulkWrites, AsyncDisposable {
  readonly capabilities: Capabilities
  /** Retention and compression. */
  readonly policies: Policies
  readonly #pool: Pool
  readonly #writer: BulkWriter
  readonly #recover: { readonly recover?: () => Promise<void> }

  private constructor(pool: Pool, capabilities: Capabilities, options: TimescaleOptions) {
    this.#pool = pool
    this.capabilities = capabilities
    this.#recover = options.recover ? { recover: options.recover } : {}
    this.policies = new Policies(pool, capabilities, this.#recover)
    this.#writer = new BulkWriter(pool, capabilities.lookupBySeries, this.#recover)
  }

  /** @throws QiError UNAVAILABLE, UNAUTHORIZED, TIMEOUT, NOT_FOUND (no such database) */
  static async open(options: TimescaleOptions): Promise<TimescaleClient> {
    const logger = options.logger ?? silentLogger
    const pool = createPool(options.url, {
      max: options.writers ?? 4,
      applicationName: `${options.applicationName ?? 'qicore'} writer`,
      setup: WRITER_SETUP,
      onLost: (error) => logger.debug({ error: error.message }, 'a writing connection was lost'),
    })
    try {
      const capabilities = await withClient(pool, async (client) => {
        await enableTimescale(client)
        return detectCapabilities(client)
      })
      return new TimescaleClient(pool, capabilities, options)
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

  /** Writes a row on the real path, and takes it back. */
  async check(): Promise<CheckResult> {
    try {
      await withClient(
        this.#pool,
        async (client) => {
          await client.query('begin')
          await client.query(`insert into crypto_prices (coin_id, source, time, received_at, origin, currency, price)
            values ('qicore-check', 'qicore-check', now(), now(), 'simulated', 'usd', 1)`)
          await client.query('rollback')
        },
        this.#recover,
      )
      const { timescale, serverVersion, hypertables } = this.capabilities
      const mismatch = await layoutMismatch(this.#pool, this.capabilities)
      // Plain tables work as well where the extension is there; hypertables do not where it is missing.
      if (mismatch && !hypertables) return { ok: false, summary: mismatch, details: { serverVersion } }
      const version = `PostgreSQL ${Math.floor(serverVersion / 10_000)}.${serverVersion % 10_000}`
      const engine = timescale ? `TimescaleDB ${timescale}` : 'without TimescaleDB'
      const summary = `${version}, ${engine}${timescale && !mismatch ? '' : ': plain tables'}; writing works`
      return { ok: true, summary, details: { serverVersion } }
    } catch (error) {
      return { ok: false, summary: `the database cannot be written to: ${errorMessage(error)}`, error: toQiError(error) }
    }
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
