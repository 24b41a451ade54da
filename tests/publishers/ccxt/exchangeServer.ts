import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { type SourceContext, silentLogger } from '../../../lib/src/base/types/index.ts'
import { CcxtClient } from '../../../lib/src/publishers/sources/ccxt/CcxtClient.ts'
import { config } from '../../../lib/src/publishers/sources/ccxt/config.ts'

export interface Reply {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as it is: its digits are the point. */
  readonly body: string
}

/** An answer by path; a text is a body. */
export type Answers = Record<string, string | Reply | ((query: URLSearchParams) => string | Reply)>

export interface ExchangeServer extends AsyncDisposable {
  readonly url: string
  /** Paths with their parameters, in order. */
  readonly asked: readonly string[]
}

/** A local exchange. A path without an answer is 404. */
export async function startExchange(answers: Answers): Promise<ExchangeServer> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const { pathname, search, searchParams } = new URL(request.url ?? '/', 'http://exchange')
    asked.push(`${pathname}${search}`)
    const found = answers[pathname] ?? { status: 404, body: '{}' }
    const answer = typeof found === 'function' ? found(searchParams) : found
    const { status = 200, headers = {}, body } = typeof answer === 'string' ? { body: answer } : answer
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}

/** For the length of a test. */
export async function exchange(answers: Answers): Promise<ExchangeServer> {
  const server = await startExchange(answers)
  onTestFinished(() => server[Symbol.asyncDispose]())
  return server
}

export const contextOf = (name: string, more: Partial<SourceContext> = {}): SourceContext => ({
  name,
  logger: silentLogger,
  ...more,
})

export const settingsOf = (server: ExchangeServer, settings: object) => config.parse({ base_url: server.url, ...settings })

export async function client(server: ExchangeServer, name: string, more: Partial<SourceContext> = {}): Promise<CcxtClient> {
  const opened = await CcxtClient.open(settingsOf(server, { exchange: name }), contextOf(name, more))
  onTestFinished(() => opened.close())
  return opened
}

/** Upbit: figures are JSON numbers, ids have 17 digits, one request for each kind. */
export const UPBIT = {
  markets: '/v1/market/all',
  trades: '/v1/trades/ticks',
  candles: '/v1/candles/minutes/1',
  ticker: '/v1/ticker',
}

export const upbitMarkets = (...pairs: readonly string[]): string =>
  JSON.stringify(pairs.map((pair) => ({ market: pair.split('/').reverse().join('-') })))

export const upbitTrade = (id: number | string, at: number, price = '93812000.50', amount = '0.01'): string =>
  `{"market":"KRW-BTC","timestamp":${at},"trade_price":${price},"trade_volume":${amount},"ask_bid":"ASK","sequential_id":${id}}`

export const upbitCandle = (open: number, price = '93812000.50'): string =>
  `{"market":"KRW-BTC","candle_date_time_utc":"${new Date(open).toISOString().slice(0, 19)}","opening_price":${price},` +
  `"high_price":${price},"low_price":${price},"trade_price":${price},"timestamp":${open + 1},"candle_acc_trade_volume":1.5}`

export const upbitTicker = (pair: string, last: string, at: number): string =>
  `{"market":"${pair.split('/').reverse().join('-')}","trade_timestamp":${at},"trade_price":${last},"opening_price":1}`
