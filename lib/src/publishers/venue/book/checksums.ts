import { crc32 } from 'node:zlib'
import type { OrderBook } from './OrderBook.ts'

/** A price or size as it goes into the checksum: its digits, without the point and leading zeros. */
const digits = (text: string): string => text.replace('.', '').replace(/^0+/, '')

/**
 * The checksum of Kraken's WebSocket v1 and v2: unsigned CRC32 over the digits of the best 10 asks, then the best 10 bids, price and size
 * of each. The texts need the trailing zeros with which the venue sent them.
 * Source: docs.kraken.com, guides "Book Checksum" v1 and v2.
 */
export function krakenChecksum(book: OrderBook): number {
  const { bids, asks } = book.top(10)
  let text = ''
  for (const [price, size] of asks) text += digits(price) + digits(size)
  for (const [price, size] of bids) text += digits(price) + digits(size)
  return crc32(text)
}

/**
 * The checksum of OKX: signed CRC32 over `bid price:size:ask price:size:…` of the best 25 levels; the longer side goes on alone.
 * Source: OKX API guide, "Order book channel", checksum.
 */
export function okxChecksum(book: OrderBook): number {
  const { bids, asks } = book.top(25)
  const texts: string[] = []
  for (let i = 0; i < Math.max(bids.length, asks.length); i++) {
    for (const level of [bids[i], asks[i]]) if (level) texts.push(level[0], level[1])
  }
  return crc32(texts.join(':')) | 0
}
