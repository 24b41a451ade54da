import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { calendarOf, type Micros, type Timeframe, timeframeMicros } from '../../../lib/src/base/types/index.ts'
import {
  TwelveDataClient,
  type TwelveDataClientOptions,
} from '../../../lib/src/publishers/sources/twelvedata/TwelveDataClient.ts'

export const KEY = 'key-0123456789abcdef-secret'

export interface Ask {
  readonly path: string
  readonly query: URLSearchParams
  /** Milliseconds, by the monotonic clock. */
  readonly at: number
  readonly authorization: string | undefined
}

export interface Reply {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string
  /** Sends half of the body, then cuts the connection. */
  readonly truncate?: boolean
}

export interface FakeOptions {
  /** Asked before: faults, refusals, other bodies. */
  readonly answer?: (ask: Ask, nth: number) => Reply | string | undefined
  /** Most bars of one answer. Default 5,000. */
  readonly mostBars?: number
  /** Bars before this time do not exist. Default: none. */
  readonly begins?: Micros
}

export interface FakeTwelveData extends AsyncDisposable {
  readonly url: string
  readonly asked: readonly Ask[]
  /** Resolves when so many calls have come. */
  reached(count: number): Promise<void>
  /** Bars of an hour that open in a stretch: time, close. */
  truth(symbol: string, from: Micros, to: Micros): readonly (readonly [Micros, string])[]
}

const HOUR = timeframeMicros('1h')
const XNAS = calendarOf('XNAS')
const INTERVALS: Readonly<Record<string, Timeframe>> = { '1h': '1h', '1day': '1d' }

const priceOf = (symbol: string, time: Micros): string =>
  `${100 + symbol.length}.${String(((time / 1_800_000_000) * 7919) % 100_000_000).padStart(8, '0')}1`

/** Bars of a session from its open on, as Twelve Data has them; the last of a day may be shorter. */
function* opens(timeframe: Timeframe, from: Micros, to: Micros): Generator<Micros> {
  const day = timeframeMicros('1d')
  for (const session of XNAS.spans(Math.floor(from / day) * day, to + day)) {
    if (timeframe === '1d') yield Math.floor(session.from / day) * day
    else for (let at = session.from; at < session.to; at += HOUR) yield at
  }
}

export const listed = (symbol: string, exchange: string, mic: string, country: string, currency: string) => ({
  symbol,
  instrument_name: `${symbol} Inc`,
  exchange,
  mic_code: mic,
  exchange_timezone: 'America/New_York',
  instrument_type: 'Common Stock',
  country,
  currency,
})

/** Twelve Data whose tickers begin with `T`, all at NASDAQ; its bars are a function of ticker and time. */
export async function startTwelveData({ answer, mostBars = 5000, begins = 0 }: FakeOptions = {}): Promise<FakeTwelveData> {
  const asked: Ask[] = []
  const waiting: { count: number; done: () => void }[] = []
  const bars = (symbol: string, timeframe: Timeframe, from: Micros, to: Micros) =>
    [...opens(timeframe, from, to)]
      .filter((time) => time >= from && time < to && time >= begins)
      .map((time) => [time, priceOf(symbol, time)] as const)

  const usual = ({ path, query }: Ask): Reply | string => {
    const symbol = query.get('symbol') ?? ''
    if (path === '/symbol_search')
      return JSON.stringify({ data: [listed(symbol, 'NASDAQ', 'XNGS', 'United States', 'USD')], status: 'ok' })
    const timeframe = INTERVALS[query.get('interval') ?? '']
    if (path === '/earliest_timestamp') return `{"datetime":"${stamp(begins)}","unix_time":${begins / 1e6}}`
    if (path === '/quote')
      return `{"symbol":"${symbol}","currency":"USD","datetime":"2026-01-02","timestamp":1767355800,"last_quote_at":1767387540,"close":"93.50000"}`
    if (path === '/splits')
      return `{"meta":{"symbol":"${symbol}","currency":"USD"},"splits":[{"date":"2020-08-31","description":"4-for-1 split","ratio":0.25,"from_factor":4,"to_factor":1},{"date":"2014-06-09","description":"7-for-1 split","ratio":0.14286,"from_factor":7,"to_factor":1}]}`
    if (path === '/dividends')
      return `{"meta":{"symbol":"${symbol}","currency":"USD"},"dividends":[{"ex_date":"2021-08-06","amount":0.22},{"ex_date":"2021-05-07","amount":0.2050001},{"ex_date":"2021-05-07","amount":1}]}`
    if (path === '/api_usage')
      return '{"timestamp":"2026-01-02 00:00:00","current_usage":1,"plan_limit":8,"daily_usage":1,"plan_daily_limit":800}'
    if (path !== '/time_series' || !timeframe) return { status: 404, body: '404 page not found' }
    const [start, end] = [query.get('start_date'), query.get('end_date')]
    const rows =
      start && end
        ? bars(symbol, timeframe, micros(start), micros(end) + 1_000_000)
        : bars(symbol, timeframe, Date.now() * 1000 - 20 * timeframeMicros('1d'), Date.now() * 1000).slice(
            -Number(query.get('outputsize') ?? 30),
          )
    if (rows.length === 0)
      return '{"code":400,"message":"No data is available on the specified dates. Try setting different start/end dates.","status":"error"}'
    const values = rows
      .slice(-mostBars)
      .reverse()
      .map(([time, close]) => {
        const datetime = timeframe === '1d' ? stamp(time).slice(0, 10) : stamp(time)
        return `{"datetime":"${datetime}","open":"${close}","high":"${close}","low":"${close}","close":"${close}","volume":"1"}`
      })
    const meta = `{"symbol":"${symbol}","interval":"${query.get('interval')}","currency":"USD","exchange_timezone":"America/New_York","exchange":"NASDAQ","mic_code":"XNGS","type":"Common Stock"}`
    return `{"meta":${meta},"values":[${values.join(',')}],"status":"ok"}`
  }

  const server = createServer((request, response) => {
    const { pathname: path, searchParams: query } = new URL(request.url ?? '/', 'http://td')
    const ask = { path, query, at: performance.now(), authorization: request.headers.authorization }
    asked.push(ask)
    for (const { count, done } of waiting) if (asked.length >= count) done()
    const given = answer?.(ask, asked.length) ?? usual(ask)
    send(response, typeof given === 'string' ? { body: given } : given)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    reached: (count) =>
      new Promise((done) => {
        if (asked.length >= count) done()
        else waiting.push({ count, done })
      }),
    truth: (symbol, from, to) => bars(symbol, '1h', from, to),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}

function send(response: ServerResponse, { status = 200, headers = {}, body, truncate }: Reply): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  if (!truncate) {
    response.end(body)
    return
  }
  response.write(body.slice(0, body.length / 2), () => response.destroy())
}

const stamp = (time: Micros): string => new Date(time / 1000).toISOString().slice(0, 19).replace('T', ' ')
const micros = (text: string): Micros => Date.parse(text.length === 10 ? `${text}T00:00:00Z` : `${text}Z`) * 1000

/** For the length of a test. */
export async function twelveData(options: FakeOptions = {}): Promise<FakeTwelveData> {
  const server = await startTwelveData(options)
  onTestFinished(() => server[Symbol.asyncDispose]())
  return server
}

export function clientOf(server: FakeTwelveData, options: Partial<TwelveDataClientOptions> = {}): TwelveDataClient {
  const client = new TwelveDataClient({ apiKey: KEY, baseUrl: [server.url], plan: 'ultra', retryBaseMs: 1, ...options })
  onTestFinished(() => client.close())
  return client
}
