import { createHash } from 'node:crypto'
import type { Store } from '../../lib/src/base/database/index.ts'
import { retry } from '../../lib/src/base/networking/index.ts'
import { decimal, type Message, type Price, price, type Stream } from '../../lib/src/base/types/index.ts'
import type { Random } from './random.ts'

const COINS = 50
const START = Date.UTC(2026, 0, 1) * 1000
/** Records of one append: as many as a producer may repeat because a kill swallowed the answer. */
export const APPENDED_AT_ONCE = 500

/** The expected account of a table of the records: each record enters with its nonce. */
export interface Checksum {
  readonly count: number
  readonly nonces: string
  readonly hashes: string
}

/** A checksum that grows with each record. */
export class Tally {
  #count = 0
  #nonces = 0n
  #hashes = 0n

  /** The figures as the table holds them: canonical decimals, the nonce in place of the capitalisation. */
  add(coinId: string, priced: string, nonce: string): void {
    const digest = createHash('md5').update(`${coinId}|${priced}|${nonce}`).digest()
    this.#count++
    this.#nonces += BigInt(nonce)
    this.#hashes += BigInt(digest.readUInt32BE(0))
  }

  get checksum(): Checksum {
    return { count: this.#count, nonces: String(this.#nonces), hashes: String(this.#hashes) }
  }
}

export const nonceOf = (random: Random): string =>
  `${random.integer(1, 1e12)}${String(random.integer(0, 1e12)).padStart(12, '0')}`

/** Distinct prices, each with a random nonce of up to 24 digits. */
export function* prices(count: number, random: Random): Generator<Price> {
  for (let i = 0; i < count; i++) {
    const time = START + i * 1000
    yield {
      coinId: `coin-${i % COINS}`,
      source: 'chaos',
      currency: 'usd',
      origin: 'replay',
      time,
      receivedAt: time,
      price: decimal(`${i + 1}.5`),
      marketCap: decimal(nonceOf(random)),
    }
  }
}

export interface ProduceOptions {
  /** Resolves when more than so many may be appended. */
  readonly room?: (produced: number) => Promise<void>
  readonly signal?: AbortSignal
}

/**
 * Appends the records once, in order, and answers what a table of them must say; a failed append is repeated until the stream
 * is back, as any producer does.
 */
export async function produce(
  stream: Stream,
  records: Iterable<Price>,
  { room = async () => {}, signal }: ProduceOptions = {},
): Promise<Checksum> {
  const tally = new Tally()
  let produced = 0
  let messages: Message[] = []
  const append = async () => {
    if (messages.length === 0) return
    const options = { attempts: Number.POSITIVE_INFINITY, baseMs: 50, maxMs: 500, totalMs: 300_000, ...(signal && { signal }) }
    await retry(() => stream.append(price.topic, messages), options)
    produced += messages.length
    messages = []
    await room(produced)
    signal?.throwIfAborted()
  }
  for (const record of records) {
    tally.add(record.coinId, record.price, record.marketCap as string)
    messages.push({ key: price.messageKey(record), value: price.encode(record) })
    if (messages.length === APPENDED_AT_ONCE) await append()
  }
  await append()
  return tally.checksum
}

/** Of the rows of a source in the table of prices, or of another query that gives the same columns. */
export async function checksumOfTable(
  store: Store,
  rowsOf = "select * from crypto_prices where source = 'chaos'",
): Promise<Checksum> {
  const { rows } = await store.pool.query<Checksum & { count: string }>(
    `select count(*)::text as count, coalesce(sum(market_cap), 0)::text as nonces,
       coalesce(sum(('x' || left(md5(coin_id || '|' || trim_scale(price)::text || '|' || market_cap::text), 8))::bit(32)::bigint & 4294967295), 0)::text as hashes
     from (${rowsOf}) r`,
  )
  const [row] = rows
  return { count: Number(row?.count), nonces: String(row?.nonces), hashes: String(row?.hashes) }
}

export const messagesIn = async (stream: Stream, name = price.topic): Promise<number> => {
  const [topic] = await stream.describeTopics([name])
  return Number(topic?.partitions.reduce((sum, { earliest, latest }) => sum + latest - earliest, 0n) ?? 0n)
}
