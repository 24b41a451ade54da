import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { parseExactJson, type RecordBatch } from '../../../lib/src/base/types/index.ts'
import { ccxt } from '../../../lib/src/publishers/sources/ccxt/index.ts'
import { describeWith, recordedData } from '../../support/services.ts'
import { type Answers, contextOf, exchange, settingsOf, UPBIT } from './exchangeServer.ts'

interface Recorded {
  readonly request: { readonly url: string }
  readonly response: { readonly body: string }
}

/** The body that was recorded at an address that begins so. */
function recorded(address: string): string {
  const file = join(recordedData, 'exchange-rest-cassettes/interactions.ndjson.gz')
  const lines = gunzipSync(readFileSync(file)).toString().trim().split('\n')
  const found = lines.map((line) => JSON.parse(line) as Recorded).find(({ request }) => request.url.startsWith(address))
  return found?.response.body ?? ''
}

async function batches(name: string, answers: Answers, settings: object, count: number) {
  const server = await exchange(answers)
  const source = await ccxt.open(
    settingsOf(server, { exchange: name, candles: [], tickers: false, every_s: { trades: 1, tickers: 1 }, ...settings }),
    contextOf(name),
  )
  onTestFinished(() => source.close())
  const pulled: RecordBatch[] = []
  for await (const batch of source) if (pulled.push(batch) === count) break
  return { pulled, source }
}

describeWith(['ccxt', 'recorded-data'], 'recorded answers through ccxt', () => {
  test('2000 trades of HTX, whose ids have 23 digits in JSON numbers, keep every digit', async () => {
    const body = recorded('https://api.huobi.pro/market/history/trade')
    const { pulled } = await batches(
      'htx',
      {
        '/v1/common/symbols':
          '{"status":"ok","data":[{"base-currency":"eth","quote-currency":"btc","price-precision":6,"amount-precision":4,"state":"online"}]}',
        '/market/history/trade': body,
      },
      { symbols: ['ETH/BTC'], trades: true, trades_per_call: 5000 },
      2,
    )
    const sent = new Map(
      [...body.matchAll(/"amount":([^,]*),"ts":\d+,"id":(\d+),"price":([^,]*),/g)].map(([, amount, id, price]) => [
        id,
        { amount, price },
      ]),
    )
    const trades = pulled[1]?.records ?? []
    expect(sent.size).toBeGreaterThan(1900)
    expect(trades).toHaveLength(sent.size)
    for (const { tradeId, price, amount } of trades) {
      const origin = sent.get(String(tradeId))
      expect([tradeId, price, amount]).toEqual([tradeId, trimmed(origin?.price), trimmed(origin?.amount)])
    }
    // JSON.parse would have made fewer ids of them.
    expect(new Set([...sent.keys()].map((id) => String(Number(id)))).size).toBeLessThan(sent.size)
  })

  test('tickers of Upbit', async () => {
    const ticker = recorded('https://api.upbit.com/v1/ticker')
    const { pulled } = await batches(
      'upbit',
      { [UPBIT.markets]: recorded('https://api.upbit.com/v1/market/all'), [UPBIT.ticker]: ticker },
      { symbols: ['BTC/KRW'], tickers: true },
      2,
    )
    expect(parseExactJson(ticker)).toMatchObject([{ market: 'KRW-BTC' }])
    expect(pulled[1]?.records).toMatchObject([
      { coinId: 'BTC/KRW', currency: 'KRW', price: '7493000', time: 1_531_099_277_000_000 },
    ])
  })

  test('trades of Upbit from when they had no ids are not taken, with a warning', async () => {
    const { source } = await batches(
      'upbit',
      {
        [UPBIT.markets]: recorded('https://api.upbit.com/v1/market/all'),
        [UPBIT.trades]: recorded('https://api.upbit.com/v1/trades/ticks'),
        [UPBIT.ticker]: recorded('https://api.upbit.com/v1/ticker'),
      },
      { symbols: ['BTC/KRW'], trades: true, tickers: true },
      3,
    )
    expect(source.warnings).toMatchObject([
      { subject: 'ids of the trades of BTC/KRW', message: expect.stringContaining('upbit gives its trades no id') },
    ])
  })
})

const trimmed = (text = ''): string => text.replace(/\.?0+$/, '')
