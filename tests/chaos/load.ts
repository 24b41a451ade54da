import { createHash, randomInt } from 'node:crypto'
import { decimal, type Message, type Price, price, retry, type Store, type Stream } from '../../lib/src/base/index.ts'

const COINS = 50
const START = Date.UTC(2026, 0, 1) * 1000

/** What a table of the records must say: each record enters with its nonce. */
export interface Checksum {
  readonly count: number
  readonly nonces: string
  readonly hashes: string
}

export interface Load {
  readonly records: readonly Price[]
  readonly checksum: Checksum
}

/** Distinct prices, each with a random nonce of 24 digits. */
export function makeLoad(count: number): Load {
  const records: Price[] = []
  let nonces = 0n
  let hashes = 0n
  for (let i = 0; i < count; i++) {
    const nonce = `${randomInt(1, 1e12)}${String(randomInt(1e12)).padStart(12, '0')}`
    const time = START + i * 1000
    const coinId = `coin-${i % COINS}`
    records.push({
      coinId,
      source: 'chaos',
      currency: 'usd',
      origin: 'replay',
      time,
      receivedAt: time,
      price: decimal(`${i + 1}.5`),
      marketCap: decimal(nonce),
    })
    nonces += BigInt(nonce)
    hashes += BigInt(
      `0x${createHash('md5')
        .update(`${coinId}|${i + 1}.5|${nonce}`)
        .digest('hex')
        .slice(0, 8)}`,
    )
  }
  return { records, checksum: { count, nonces: String(nonces), hashes: String(hashes) } }
}

export async function checksumOfTable(store: Store): Promise<Checksum> {
  const { rows } = await store.pool.query<Checksum & { count: string }>(
    `select count(*)::text as count, coalesce(sum(market_cap), 0)::text as nonces,
       coalesce(sum(('x' || left(md5(coin_id || '|' || trim_scale(price)::text || '|' || market_cap::text), 8))::bit(32)::bigint & 4294967295), 0)::text as hashes
     from crypto_prices where source = 'chaos'`,
  )
  const [row] = rows
  return { count: Number(row?.count), nonces: String(row?.nonces), hashes: String(row?.hashes) }
}

/** Appends the records once, in order; a failed append is repeated until the stream is back, as any producer does. */
export async function produce(stream: Stream, records: readonly Price[], batch = 500): Promise<void> {
  for (let i = 0; i < records.length; i += batch) {
    const messages: Message[] = records.slice(i, i + batch).map((r) => ({ key: price.messageKey(r), value: price.encode(r) }))
    await retry(() => stream.append(price.topic, messages), { attempts: 1000, baseMs: 50, maxMs: 500, totalMs: 120_000 })
  }
}

export const messagesIn = async (stream: Stream): Promise<number> => {
  const [topic] = await stream.describeTopics([price.topic])
  return Number(topic?.partitions.reduce((sum, { earliest, latest }) => sum + latest - earliest, 0n) ?? 0n)
}
