import { type Store, withClient } from '../../lib/src/base/database/index.ts'
import { type Decimal, parseTime, price, type Stream } from '../../lib/src/base/types/index.ts'

const COINS = 40
const START = parseTime('2026-01-01T00:00:00Z')

/** So many prices of so many coins, appended to the stream. */
export async function flood(stream: Stream, records: number): Promise<void> {
  const messages = Array.from({ length: records }, (_, at) => {
    const time = START + Math.floor(at / COINS) * 1_000_000
    const coinId = `flood-${at % COINS}`
    const common = { coinId, source: 'flood', currency: 'usd', time, receivedAt: time, origin: 'live' as const }
    const record = { ...common, price: `${at + 1}.5` as Decimal }
    return { key: price.messageKey(record), value: price.encode(record) }
  })
  for (let at = 0; at < records; at += 1000) await stream.append(price.topic, messages.slice(at, at + 1000))
}

/** While the work is done, whoever stores the flood waits: another writes the same rows, and takes them back in the end. */
export const whileFloodWaits = <T>({ pool }: Store, records: number, work: () => Promise<T>): Promise<T> =>
  withClient(pool, async (client) => {
    await client.query('begin')
    try {
      await client.query(
        `insert into crypto_prices (coin_id, source, currency, time, received_at, origin, price)
select 'flood-' || n % $2, 'flood', 'usd', t, t, 'live', 0
from generate_series(0, $1 - 1) n, lateral (select timestamptz '2026-01-01 00:00Z' + n / $2 * interval '1 s' as t) times`,
        [records, COINS],
      )
      return await work()
    } finally {
      await client.query('rollback')
    }
  })

export async function storedOfFlood({ pool }: Store): Promise<{ readonly rows: number; readonly sum: string }> {
  const { rows } = await pool.query<{ rows: number; sum: string }>(
    "select count(*)::int as rows, coalesce(sum(price), 0)::text as sum from crypto_prices where source = 'flood'",
  )
  return rows[0] as { rows: number; sum: string }
}

/** Result of storedOfFlood when each record is stored once. */
export const wholeFlood = (records: number) => ({ rows: records, sum: `${(records * (records + 1)) / 2 + records / 2}.0` })
