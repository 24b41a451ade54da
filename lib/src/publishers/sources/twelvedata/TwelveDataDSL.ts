import { z } from 'zod'
import { formatTime, type Ohlcv, type Price, parseTime, QiError, type Rejected, wordIssue } from '../../../base/types/index.ts'
import type { Listing } from './listing.ts'
import type { TwelveDataClient } from './TwelveDataClient.ts'
import { TWELVEDATA_TIMEFRAMES } from './timeframes.ts'

const symbol = z.string().trim().min(1).max(100).describe('an instrument, such as AAPL:XNAS, EUR/USD or BTC/USD:Coinbase Pro')
const timeframe = z.enum(TWELVEDATA_TIMEFRAMES).default('1d').describe('the length of the bars')
const moment = z.iso.datetime({ offset: true }).describe('a moment with its zone, such as 2026-01-31T12:00:00Z')

/** Input of each verb. */
export const TWELVEDATA_INPUTS = {
  getCurrentPrices: z.strictObject({ symbols: z.array(symbol).min(1).max(100) }),
  getOHLCVData: z
    .strictObject({
      symbol,
      timeframe,
      last: z.int().min(1).max(5000).default(30).describe('how many bars, without from and to'),
      from: moment.optional(),
      to: moment.optional(),
    })
    .refine((input) => (input.from === undefined) === (input.to === undefined), { message: 'from and to come together' }),
  getIndicator: z.strictObject({
    symbol,
    timeframe,
    name: z
      .string()
      .regex(/^[a-z][a-z0-9_]{0,39}$/, 'expected the name of an indicator, such as macd')
      .describe("the indicator in Twelve Data's form, such as rsi, macd or bbands"),
    params: z
      .record(z.string().regex(/^[a-z][a-z0-9_]{0,39}$/), z.union([z.string().max(100), z.number()]))
      .default({})
      .describe('its settings, such as { time_period: 14, series_type: "close" }; outputsize for the number of rows'),
  }),
  searchSymbols: z.strictObject({ query: z.string().trim().min(1).max(100).describe('a ticker, or the start of a name') }),
} as const

type Inputs = typeof TWELVEDATA_INPUTS
export type TwelveDataVerb = keyof Inputs
export type TwelveDataInput<V extends TwelveDataVerb> = z.input<Inputs[V]>

/** A technical indicator of the provider: its own figures, digit by digit, which are stored nowhere. */
export interface IndicatorAnswer {
  readonly source: string
  readonly coinId: string
  /** Such as `MACD - Moving Average Convergence Divergence`. */
  readonly name: string
  readonly timeframe: string
  readonly params: Readonly<Record<string, string>>
  /** Oldest first; times are ISO 8601 in UTC, figures are texts. */
  readonly rows: readonly { readonly time: string; readonly values: Readonly<Record<string, string>> }[]
}

interface VerbOptions {
  readonly signal?: AbortSignal
}

interface Records<R> {
  readonly records: readonly R[]
  readonly rejected: readonly Rejected[]
}

/** The verbs of Twelve Data's domain. Each call costs a credit. @throws QiError BAD_REQUEST naming the field; else those of the client */
export class TwelveDataDSL {
  readonly #client: TwelveDataClient

  constructor(client: TwelveDataClient) {
    this.#client = client
  }

  /** The last price of each. */
  async getCurrentPrices(input: TwelveDataInput<'getCurrentPrices'>, options: VerbOptions = {}): Promise<Records<Price>> {
    const { symbols } = read('getCurrentPrices', input)
    const records: Price[] = []
    const rejected: Rejected[] = []
    for (const name of symbols) {
      const part = await this.#client.quote(await this.#client.resolve(name, 'symbols', options), options)
      records.push(...part.records)
      rejected.push(...part.rejected)
    }
    return { records, rejected }
  }

  /** Bars by their UTC open, oldest first; at most 5,000. */
  async getOHLCVData(input: TwelveDataInput<'getOHLCVData'>, options: VerbOptions = {}): Promise<Records<Ohlcv>> {
    const { symbol: name, timeframe: length, last, from, to } = read('getOHLCVData', input)
    const listing = await this.#client.resolve(name, 'symbol', options)
    const range = from !== undefined && to !== undefined ? { from: parseTime(from), to: parseTime(to) } : { last }
    const bars = await this.#client.bars(listing, length, range, options)
    return { records: bars?.records ?? [], rejected: bars?.rejected ?? [] }
  }

  /** A technical indicator as Twelve Data computes it. */
  async getIndicator(input: TwelveDataInput<'getIndicator'>, options: VerbOptions = {}): Promise<IndicatorAnswer> {
    const { symbol: asked, timeframe: length, name, params } = read('getIndicator', input)
    const listing = await this.#client.resolve(asked, 'symbol', options)
    const answer = await this.#client.indicator(listing, name, length, params, options)
    return {
      source: this.#client.source,
      coinId: listing.coinId,
      name: answer.name,
      timeframe: length,
      params: answer.params,
      rows: answer.rows.map(({ time, values }) => ({ time: formatTime(time), values })),
    }
  }

  /** Every listing of a ticker or name, the best match first. */
  async searchSymbols(input: TwelveDataInput<'searchSymbols'>, options: VerbOptions = {}): Promise<readonly Listing[]> {
    return this.#client.search(read('searchSymbols', input).query, options)
  }
}

function read<V extends TwelveDataVerb>(verb: V, input: unknown): z.output<Inputs[V]> {
  const result = TWELVEDATA_INPUTS[verb].safeParse(input)
  if (result.success) return result.data as z.output<Inputs[V]>
  const [issue] = result.error.issues
  const field = issue?.path.join('.') ?? ''
  const problems = result.error.issues.map((each) => `${each.path.join('.') || 'the input'}: ${wordIssue(each)}`)
  throw new QiError('BAD_REQUEST', `${verb}: ${problems.join('; ')}`, field ? { field } : {})
}
