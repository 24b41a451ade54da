import { once } from 'node:events'
import { createWriteStream } from 'node:fs'

const START = Date.UTC(2024, 7, 1)
const FIRST_ID = 3_700_000_000
/** Trades follow each other at this distance, so that a month has room for 26 million. */
const EVERY_MS = 100

/** A trade of the file: figures as the venue writes them, with zeros behind the point. */
export interface FileTrade {
  readonly id: number
  readonly price: string
  readonly amount: string
  /** Milliseconds since 1970. */
  readonly time: number
  readonly side: 'buy' | 'sell'
}

/** Trades of one instrument in the order of their numbers. */
export function* fileTrades(count: number): Generator<FileTrade> {
  for (let i = 0; i < count; i++)
    yield {
      id: FIRST_ID + i,
      price: `${60_000 + ((i * 7919) % 2000)}.${String((i * 31) % 100).padStart(2, '0')}000000`,
      amount: `${i % 3}.${String(1 + ((i * 104_729) % 99_999)).padStart(5, '0')}000`,
      time: START + i * EVERY_MS,
      side: i % 3 === 0 ? 'buy' : 'sell',
    }
}

/** A row of an archive of data.binance.vision. */
export const archiveLine = ({ id, price, amount, time, side }: FileTrade): string =>
  `${id},${price},${amount},${(Number(price) * Number(amount)).toFixed(8)},${time},${side === 'sell' ? 'True' : 'False'},True\n`

/** Writes the trades, each as its line. */
export async function writeTrades(path: string, count: number, line: (trade: FileTrade) => string): Promise<void> {
  const file = createWriteStream(path)
  for (const trade of fileTrades(count)) if (!file.write(line(trade))) await once(file, 'drain')
  file.end()
  await once(file, 'finish')
}
