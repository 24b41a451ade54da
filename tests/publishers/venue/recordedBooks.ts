import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { fromMillis, type JsonNumber, parseExactJson, parseTime } from '../../../lib/src/base/types/index.ts'
import type { BookLevel, BookMessage } from '../../../lib/src/publishers/venue/book/message.ts'
import { recordedData } from '../../support/services.ts'

/** A recorded message about the book of one instrument. */
export interface RecordedBook {
  readonly instrument: string
  readonly message: BookMessage
}

const lines = (path: string): string[] =>
  gunzipSync(readFileSync(join(recordedData, path)))
    .toString('utf8')
    .split('\n')

/** The texts that the venue sent, of a capture in the form `time: text`. */
const received = (name: string): string[] =>
  lines(`cryptofeed/${name}.gz`).flatMap((line) => /^\d+\.\d+: ([[{].*)$/.exec(line)?.[1] ?? [])

/** Depth messages of `binance-spot-ws` in the order of their arrival, the REST snapshot among them. */
export function* binanceBooks(file: 'btcusdt_20240808' | 'ethusdt_20240808'): Generator<RecordedBook> {
  const instrument = file.slice(0, 7).toUpperCase()
  for (const line of lines(`binance-spot-ws/${file}.gz`)) {
    const text = line.slice(line.indexOf(' ') + 1)
    if (text.startsWith('{"lastUpdateId"')) {
      const { lastUpdateId, bids, asks } = JSON.parse(text) as { lastUpdateId: number; bids: BookLevel[]; asks: BookLevel[] }
      yield { instrument, message: { kind: 'snapshot', last: lastUpdateId, limit: bids.length, bids, asks } }
    } else if (text.includes('@depth@')) {
      const { data } = JSON.parse(text) as { data: { E: number; U: number; u: number; b: BookLevel[]; a: BookLevel[] } }
      yield {
        instrument,
        message: { kind: 'delta', first: data.U, last: data.u, time: fromMillis(data.E), bids: data.b, asks: data.a },
      }
    }
  }
}

/** Best bid and ask as Binance's `bookTicker` told them, by the number of the update. */
export function binanceTickers(file: 'btcusdt_20240808' | 'ethusdt_20240808'): Map<number, { bid: BookLevel; ask: BookLevel }> {
  const tickers = new Map<number, { bid: BookLevel; ask: BookLevel }>()
  for (const line of lines(`binance-spot-ws/${file}.gz`)) {
    if (!line.includes('@bookTicker')) continue
    const { data } = JSON.parse(line.slice(line.indexOf(' ') + 1)) as {
      data: Record<'b' | 'B' | 'a' | 'A', string> & { u: number }
    }
    tickers.set(data.u, { bid: [data.b, data.B], ask: [data.a, data.A] })
  }
  return tickers
}

type KrakenPart = Partial<Record<'as' | 'bs' | 'a' | 'b', BookLevel[]>> & { readonly c?: string }

/** Kraken v1 `book-1000`. */
export function* krakenBooks(): Generator<RecordedBook> {
  for (const text of received('KRAKEN.ws.50.0')) {
    if (!text.startsWith('[')) continue
    const frame = JSON.parse(text) as [number, ...KrakenPart[], string, string]
    const parts = frame.slice(1, -2) as KrakenPart[]
    const snapshot = parts.some((part) => part.as)
    const checksum = parts.find((part) => part.c)?.c
    yield {
      instrument: frame.at(-1) as string,
      message: {
        kind: snapshot ? 'snapshot' : 'delta',
        ...(checksum !== undefined && { checksum: Number(checksum) }),
        bids: parts.flatMap((part) => part.bs ?? part.b ?? []),
        asks: parts.flatMap((part) => part.as ?? part.a ?? []),
      },
    }
  }
}

/** OKX `books`, of the time when it had checksums and no numbers. */
export function* okxBooks(): Generator<RecordedBook> {
  for (const text of received('OKX.ws.1.0')) {
    if (!text.includes('"channel":"books"') || !text.includes('"data"')) continue
    const { arg, action, data } = JSON.parse(text) as {
      arg: { instId: string }
      action: 'snapshot' | 'update'
      data: { bids: BookLevel[]; asks: BookLevel[]; ts: string; checksum: number }[]
    }
    for (const { bids, asks, ts, checksum } of data) {
      const kind = action === 'snapshot' ? 'snapshot' : 'delta'
      yield { instrument: arg.instId, message: { kind, bids, asks, checksum, time: fromMillis(Number(ts)) } }
    }
  }
}

/** Coinbase `level2` of 2021; today's has the same figures in other frames. */
export function* coinbaseBooks(): Generator<RecordedBook> {
  for (const text of received('COINBASE.ws.28.0')) {
    if (text.startsWith('{"type":"snapshot"')) {
      const { product_id, bids, asks } = JSON.parse(text) as { product_id: string; bids: BookLevel[]; asks: BookLevel[] }
      yield { instrument: product_id, message: { kind: 'snapshot', bids, asks } }
    } else if (text.startsWith('{"type":"l2update"')) {
      const { product_id, changes, time } = JSON.parse(text) as {
        product_id: string
        changes: [side: 'buy' | 'sell', price: string, size: string][]
        time: string
      }
      const of = (wanted: string): BookLevel[] => changes.flatMap(([side, ...level]) => (side === wanted ? [level] : []))
      yield { instrument: product_id, message: { kind: 'delta', bids: of('buy'), asks: of('sell'), time: parseTime(time) } }
    }
  }
}

type BybitRow = { readonly price: string; readonly symbol: string; readonly side: 'Buy' | 'Sell'; readonly size?: JsonNumber }

/** Bybit `orderBookL2_25` of 2021, with numbers as today's messages bear them: 1 more each. */
export function* bybitBooks(): Generator<RecordedBook> {
  const numbers = new Map<string, number>()
  for (const text of [...received('BYBIT.ws.25.0'), ...received('BYBIT.ws.26.0')]) {
    if (!text.startsWith('{"topic":"orderBookL2_25.')) continue
    const frame = parseExactJson(text) as unknown as { topic: string; type: 'snapshot' | 'delta'; data: unknown }
    const instrument = frame.topic.slice(frame.topic.indexOf('.') + 1)
    const last = (numbers.get(instrument) ?? 1000) + 1
    numbers.set(instrument, last)
    const rows = bybitRows(frame.data)
    const of = (wanted: string): BookLevel[] =>
      rows.flatMap(({ side, price, size }) => (side === wanted ? [[price, size ? String(size.source) : '0'] as const] : []))
    yield { instrument, message: { kind: frame.type, last, bids: of('Buy'), asks: of('Sell') } }
  }
}

function bybitRows(data: unknown): BybitRow[] {
  if (Array.isArray(data)) return data as BybitRow[]
  const { order_book, ...changes } = data as Record<string, BybitRow[]>
  return order_book ?? [changes.delete ?? [], changes.update ?? [], changes.insert ?? []].flat()
}
