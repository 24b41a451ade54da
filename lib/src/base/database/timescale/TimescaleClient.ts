import { type CheckResult, type Logger, QiError, type RecordType, type RecordValues, type WriteOptions, type WriteResult } from '../../types/index.ts'
import type { Capabilities } from '../capabilities.ts'

export interface TimescaleOptions {
  readonly url: string
  /** Connections for bulk writes; default 4. */
  readonly writers?: number
  readonly applicationName?: string
  readonly logger?: Logger
}

/** Bulk writes and time-series administration of one database: TimescaleDB, or a plain PostgreSQL with what it has. */
export class TimescaleClient implements AsyncDisposable {
  readonly capabilities: Capabilities

  private constructor(capabilities: Capabilities) {
    this.capabilities = capabilities
  }

  /** @throws QiError UNAVAILABLE, UNAUTHORIZED, TIMEOUT, NOT_FOUND (no such database) */
  static async open(_options: TimescaleOptions): Promise<TimescaleClient> {
    throw new QiError('UNSUPPORTED', 'not yet')
  }

  /**
   * Stores records by their primary key, durably. Where a key is there already, the row with the greater (is_final,
   * received_at) stays, whatever the order of arrival. An instrument is spread over the three reference tables.
   * @returns per record: written, or refused by the database with a reason
   * @throws QiError retryable when the connection was lost or the server is down: nothing is lost by repeating it
   */
  upsert<R extends RecordValues>(_type: RecordType<R>, _records: readonly R[], _options?: WriteOptions): Promise<WriteResult> {
    throw new QiError('UNSUPPORTED', 'not yet')
  }

  /** Writes and reads a row on the real path, and leaves nothing behind. */
  check(): Promise<CheckResult> {
    throw new QiError('UNSUPPORTED', 'not yet')
  }

  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
