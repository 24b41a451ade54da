import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import {
  decimal,
  JsonNumber,
  type Ohlcv,
  ohlcv,
  parseExactJson,
  type Quote,
  quote,
  type Trade,
  trade,
} from '../../../lib/src/base/types/index.ts'
import { mapperOf } from '../../../lib/src/publishers/sources/binance/parse/live.ts'
import { listedIn, tradesIn } from '../../../lib/src/publishers/sources/binance/parse/rest.ts'
import { Instruments, type Listed, type MappedBook } from '../../../lib/src/publishers/venue/index.ts'
import { describeWith, recordedData } from '../../support/services.ts'
import { recordedBody, recordedCounts, recordedTexts } from './recordedTexts.ts'

const RECEIVED_AT = Date.UTC(2026, 0, 1) * 1000
const BTC: Listed = { symbol: 'BTCUSDT', coinId: 'BTC/USDT', base: 'BTC', quote: 'USDT', active: true }
const ETH: Listed = { symbol: 'ETHUSDT', coinId: 'ETH/USDT', base: 'ETH', quote: 'USDT', active: true }

type Fields = Readonly<Record<string, unknown>>

/** The figures of a message as the venue wrote them, by the fields of the record. */
const WIRE: Readonly<Record<string, readonly [record: string, wire: string][]>> = {
  trades: [
    ['price', 'p'],
    ['amount', 'q'],
  ],
  quotes: [
    ['bid', 'b'],
    ['bidSize', 'B'],
    ['ask', 'a'],
    ['askSize', 'A'],
  ],
  candles: [
    ['open', 'o'],
    ['high', 'h'],
    ['low', 'l'],
    ['close', 'c'],
    ['volume', 'v'],
  ],
}
const TYPES = { trades: trade, quotes: quote, candles: ohlcv } as const

/** Maps all texts, compares each figure with its source text, and counts. */
function mapAll(texts: readonly string[], instruments: Instruments) {
  const map = mapperOf({ source: 'binance', instruments })
  const counts = { trades: 0, quotes: 0, candles: 0, books: 0 }
  const trades: Trade[] = []
  const books: MappedBook[] = []
  for (const text of texts) {
    const mapped = map(text, RECEIVED_AT)
    if (mapped?.kind === 'book') {
      counts.books++
      books.push(mapped)
    }
    if (mapped?.kind !== 'trades' && mapped?.kind !== 'quotes' && mapped?.kind !== 'candles') continue
    const { kind, records, rejected } = mapped
    expect(rejected).toBeUndefined()
    counts[kind] += records.length
    const { data } = parseExactJson(text) as { readonly data: Fields & { readonly k?: Fields } }
    const source = data.k ?? data
    for (const record of records as readonly (Trade | Quote | Ohlcv)[]) {
      for (const [field, wire] of WIRE[kind] ?? []) expect((record as Fields)[field]).toBe(decimal(String(source[wire])))
      expect(TYPES[kind].check(record as never)).toEqual(record)
    }
    if (kind === 'trades') trades.push(...(records as readonly Trade[]))
  }
  return { counts, trades, books }
}

describeWith('recorded-data', 'Binance: whole captures', () => {
  it.each([
    ['BINANCE', 'api.binance.com'],
    ['BINANCE_US', 'api.binance.us'],
  ])('%s has the records that the recorder counted, with every digit', (name, host) => {
    const instruments = new Instruments(
      listedIn(parseExactJson(recordedBody(`${name}.0`, `${host}/api/v3/exchangeInfo`)), new Map()),
    )
    const { counts, books } = mapAll(recordedTexts(`${name}.ws.1.0`), instruments)
    const { trades, ticker, candles, l2_book: changes = 0 } = recordedCounts(name)
    expect(counts).toMatchObject({ trades, quotes: ticker, candles })
    // The recorder does not count messages before its snapshot.
    expect(books.length).toBeGreaterThanOrEqual(changes)
    expect(new Set(books.map(({ instrument }) => instrument.coinId)).size).toBeGreaterThan(1)
  })

  it.each([
    ['btcusdt', BTC, { trades: 9757, quotes: 28_040, candles: 0, books: 3451 }],
    ['ethusdt', ETH, undefined],
  ] as const)(
    '%s of August 2024: each message mapped, trades without a gap, one row by socket and by REST',
    (name, listed, expected) => {
      const texts = gunzipSync(readFileSync(join(recordedData, `binance-spot-ws/${name}_20240808.gz`)))
        .toString()
        .split('\n')
        .map((line) => line.slice(line.indexOf(' ') + 1))
        .filter((text) => text.includes('"stream"'))
      const { counts, trades } = mapAll(texts, new Instruments([listed]))
      if (expected) expect(counts).toEqual(expected)
      expect(counts.trades + counts.quotes + counts.candles + counts.books).toBe(texts.length)
      const numbers = trades.map(({ sequence = 0 }) => sequence)
      expect(numbers).toEqual(Array.from(numbers, (_, index) => (numbers[0] as number) + index))
      const rows = texts
        .filter((text) => text.includes('@trade"'))
        .map((text) => (parseExactJson(text) as { readonly data: Fields }).data)
        .map(({ t, p, q, T, m }) => ({ id: t, price: p, qty: q, quoteQty: '0', time: T, isBuyerMaker: m, isBestMatch: true }))
      const body = parseExactJson(
        JSON.stringify(rows, (_key, value) => (value instanceof JsonNumber ? Number(value.source) : value)),
      )
      const { records } = tradesIn(body, 'binance', listed, RECEIVED_AT)
      expect(records).toEqual(trades.map((record) => ({ ...record, origin: 'backfill' })))
    },
  )
})
