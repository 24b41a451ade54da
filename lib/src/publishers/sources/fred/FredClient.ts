import type { Logger, Origin, RateLimit, Trouble } from '../../../base/types/index.ts'
import { QiError } from '../../../base/types/index.ts'
import { RestClient } from '../shared/RestClient.ts'
import { fredError } from './errors.ts'
import { type FredSeries, type Page, parseObservations, parseSeries } from './parse.ts'

/** Calls of a key in a minute. */
export const CALLS_PER_MINUTE = 120
/** Most rows of a page. */
const PAGE = 100_000
/** Most pages of a series: ten million figures are no economic series. */
const MOST_PAGES = 100
/** All vintages. Without them FRED gives the current figures under the date of the question, which names no vintage. */
const EVERY_VINTAGE = { realtime_start: '1776-07-04', realtime_end: '9999-12-31' }

export interface FredClientOptions {
  /** The `source` of its records. Default fred. */
  readonly source?: string
  readonly apiKey: string
  readonly baseUrl?: string
  /** The limit shared by all users of the key. Default: that of this client alone. */
  readonly rateLimit?: RateLimit | undefined
  /** Time for one call, in milliseconds. */
  readonly timeoutMs?: number
  readonly attempts?: number
  readonly retryBaseMs?: number
  readonly pageSize?: number
  readonly logger?: Logger
}

export interface FredCallOptions {
  readonly signal?: AbortSignal | undefined
  readonly attempts?: number
  /** The `origin` of the records. Default live. */
  readonly origin?: Origin
}

/**
 * The API of FRED: figures keep every digit, and no error holds the key. Failures are classified: RATE_LIMITED, UNAUTHORIZED (a wrong key),
 * NOT_FOUND (no such series), BAD_REQUEST, UNAVAILABLE, TIMEOUT, BAD_DATA, CANCELLED.
 */
export class FredClient implements AsyncDisposable {
  readonly source: string
  readonly #rest: RestClient
  readonly #apiKey: string
  readonly #pageSize: number

  constructor({ source = 'fred', apiKey, baseUrl = 'https://api.stlouisfed.org', pageSize = PAGE, ...rest }: FredClientOptions) {
    this.source = source
    this.#apiKey = apiKey
    this.#pageSize = pageSize
    this.#rest = new RestClient({
      ...rest,
      peer: 'FRED',
      baseUrls: [baseUrl],
      secrets: [apiKey],
      callsPerMinute: CALLS_PER_MINUTE,
      errorOf: fredError,
    })
  }

  get baseUrl(): string {
    return this.#rest.baseUrl
  }

  get answeredMsAgo(): number | undefined {
    return this.#rest.answeredMsAgo
  }

  get trouble(): Trouble | undefined {
    return this.#rest.trouble
  }

  /** GET /fred/series: title, units and time of the last change. */
  async series(id: string, options: FredCallOptions = {}): Promise<FredSeries> {
    const { body } = await this.#get('/fred/series', { series_id: id }, options)
    return parseSeries(body)
  }

  /** GET /fred/series/observations: every vintage of every date, page by page. @throws QiError BAD_DATA for pages without an end */
  async *observations(series: FredSeries, options: FredCallOptions = {}): AsyncGenerator<Page, void, undefined> {
    for (let page = 0, offset = 0; ; page++) {
      if (page === MOST_PAGES)
        throw new QiError('BAD_DATA', `FRED gives more than ${MOST_PAGES} pages of ${series.id}: leave the series out`)
      const query = { series_id: series.id, ...EVERY_VINTAGE, sort_order: 'asc', limit: this.#pageSize, offset }
      const { body, receivedAt } = await this.#get('/fred/series/observations', query, options)
      const found = parseObservations(body, series, { source: this.source, receivedAt, origin: options.origin ?? 'live' })
      yield found
      offset += found.rows
      if (offset >= found.count) return
      if (found.rows === 0)
        throw new QiError('BAD_DATA', `FRED gave ${offset} of ${found.count} observations of ${series.id}, then an empty page`)
    }
  }

  #get(path: string, query: Readonly<Record<string, string | number>>, { signal, attempts }: FredCallOptions) {
    const limits = { ...(signal && { signal }), ...(attempts !== undefined && { attempts }) }
    return this.#rest.get(path, { ...query, file_type: 'json', api_key: this.#apiKey }, limits)
  }

  close(): Promise<void> {
    return this.#rest.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
