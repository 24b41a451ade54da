import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { Readable } from 'node:stream'
import { type TlsOptions, withTimeout } from '../../../base/networking/index.ts'
import { maskUrl, optionalPackage, QiError } from '../../../base/types/index.ts'
import { clickhouseFailure, type Site } from './failures.ts'

type Module = typeof import('@clickhouse/client')
type Client = ReturnType<Module['createClient']>

export interface ServerSettings extends Site {
  readonly url: string
  readonly database: string
  readonly username: string
  readonly password: string
  readonly compression: boolean
  readonly tls: TlsOptions | undefined
  readonly timeoutMs: number
}

/** Settings of an insert, which override the user's profile: exact parsing, and an answer only when the rows are stored. */
const INSERT_SETTINGS = {
  date_time_input_format: 'best_effort',
  input_format_skip_unknown_fields: 1,
  input_format_null_as_default: 0,
  input_format_allow_errors_num: '0',
  precise_float_parsing: 1,
  async_insert: 0,
  // A backfill can have more months in one insert than the default allows.
  max_partitions_per_insert_block: '0',
} as const
const SOCKETS = 16
/** Added to our timeout, so that the client's own timeout, with its better message, comes first. */
const GRACE_MS = 1000

/** The HTTP interface of a server. */
export class Server {
  readonly #client: Client
  readonly #agent: HttpAgent
  readonly #settings: ServerSettings
  #closed = false

  private constructor(module: Module, settings: ServerSettings) {
    const { url, database, username, password, compression, tls, timeoutMs } = settings
    this.#settings = settings
    const pool = { keepAlive: true, maxSockets: SOCKETS }
    this.#agent = url.startsWith('https:') ? new HttpsAgent({ ...pool, ...tls }) : new HttpAgent(pool)
    this.#client = module.createClient({
      ...{ url, database, username, password },
      application: 'qicore',
      request_timeout: timeoutMs,
      compression: { request: compression, response: false },
      http_agent: this.#agent,
      log: { level: module.ClickHouseLogLevel.OFF },
    })
  }

  /** @throws QiError CONFIG_INVALID where the package is missing */
  static async open(settings: ServerSettings): Promise<Server> {
    const module = await optionalPackage<Module>({
      name: '@clickhouse/client',
      major: 1,
      neededBy: `${settings.at}.type "clickhouse"`,
      field: `${settings.at}.type`,
    })
    return new Server(module, settings)
  }

  get site(): Site {
    return this.#settings
  }

  /** Rows of a query. @throws QiError, or an error of the server */
  async rows<T>(query: string, signal?: AbortSignal): Promise<T[]> {
    return this.#bounded(async (abort) => {
      const result = await this.#client.query({ query, format: 'JSONEachRow', abort_signal: abort })
      return (await result.json()) as T[]
    }, signal)
  }

  async command(query: string, signal?: AbortSignal): Promise<void> {
    await this.#bounded((abort) => this.#client.command({ query, abort_signal: abort }), signal)
  }

  /** An INSERT with its data; the rows are stored when this returns. */
  async insert(query: string, body: Buffer, signal?: AbortSignal): Promise<void> {
    await this.#bounded(async (abort) => {
      const values = Readable.from([body], { objectMode: false })
      const { stream } = await this.#client.exec({ query, values, clickhouse_settings: INSERT_SETTINGS, abort_signal: abort })
      stream.resume()
      await new Promise<void>((resolve, reject) => stream.once('close', resolve).once('error', reject))
    }, signal)
  }

  /** @throws QiError */
  failure(error: unknown): QiError {
    return clickhouseFailure(error, this.#settings)
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#client.close()
    this.#agent.destroy()
  }

  #bounded<T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const { at, peer, timeoutMs } = this.#settings
    if (this.#closed) throw new QiError('CLOSED', `${at} is closed`)
    return withTimeout(timeoutMs + GRACE_MS, `ClickHouse at ${peer}`, work, signal)
  }
}

/** An address without secrets. */
export const shown = (url: string): string => maskUrl(url)
