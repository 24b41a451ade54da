import type { Store } from '../lib/src/base/database/index.ts'
import { formatTime, type Price } from '../lib/src/base/types/index.ts'
import { COINS } from './prices.ts'

/** The view that records are read from, and the table behind it. */
export const TABLE = 'crypto_prices'
export const ROWS = 'crypto_prices_rows'
/** The same records in a table keyed by their names, as anybody would make it: for programs that know no numbers of series. */
export const TEXT_TABLE = 'prices_by_name'

export const COLUMNS = 'coin_id, source, time, received_at, origin, currency, price, market_cap, volume_24h, change_24h_pct'

const MAKE = `create table if not exists ${TEXT_TABLE} (
  coin_id text collate "C" not null, source text collate "C" not null, time timestamptz not null, received_at timestamptz not null,
  origin text collate "C" not null, currency text collate "C" not null, price numeric not null, market_cap numeric, volume_24h numeric,
  change_24h_pct numeric, primary key (coin_id, source, currency, time),
  check (scale(price) is not null and (market_cap is null or scale(market_cap) is not null)
    and (volume_24h is null or scale(volume_24h) is not null) and (change_24h_pct is null or scale(change_24h_pct) is not null)));
create index if not exists ${TEXT_TABLE}_time on ${TEXT_TABLE} using brin (time)`

export const emptyTable = async (store: Store): Promise<void> => {
  await store.pool.query(`${MAKE}; truncate ${ROWS}, ${TEXT_TABLE}`)
  await store.pool.query('checkpoint')
}

/** Target of COPY text: a table, its columns, and a record as a line. */
export interface CopyTarget {
  readonly name: string
  readonly table: string
  readonly columns: string
  readonly line: (price: Price) => string
}

const figures = (p: Price): string =>
  `${formatTime(p.time)}\t${formatTime(p.receivedAt)}\t${p.origin}\t${p.price}\t${p.marketCap}\t${p.volume24h}\t${p.change24hPct}\n`

export const byName: CopyTarget = {
  name: 'by-name',
  table: TEXT_TABLE,
  columns: 'coin_id, source, currency, time, received_at, origin, price, market_cap, volume_24h, change_24h_pct',
  line: (p) => `${p.coinId}\t${p.source}\t${p.currency}\t${figures(p)}`,
}

/** Our own table, by somebody who knows the numbers of all series. */
export async function byNumber(store: Store): Promise<CopyTarget> {
  const { rows } = await store.pool.query<{ coin: string; number: string }>(
    `select 'coin-' || n as coin, series_number('price', 'coin-' || n, 'bench', 'usd', '', '', '') as number from generate_series(0, ${COINS - 1}) as n`,
  )
  const numbers = new Map(rows.map(({ coin, number }) => [coin, number]))
  return {
    name: 'by-number',
    table: ROWS,
    columns: 'series, time, received_at, origin, price, market_cap, volume_24h, change_24h_pct',
    line: (p) => `${numbers.get(p.coinId)}\t${figures(p)}`,
  }
}

/** Runs work while nothing keeps the registry of series, as a table has it that nobody else looks at. */
export async function withoutTriggers<T>(store: Store, work: () => Promise<T>, table: string = ROWS): Promise<T> {
  await store.pool.query(`alter table ${table} disable trigger user`)
  try {
    return await work()
  } finally {
    await store.pool.query(`alter table ${table} enable trigger user`)
  }
}

/** A figure that was not checked is not a figure: every record is there, once. */
export async function checkTable(store: Store, records: number, table: string = ROWS): Promise<void> {
  const { rows } = await store.pool.query<{ count: string }>(`select count(*) from ${table}`)
  if (Number(rows[0]?.count) !== records) throw new Error(`${table} holds ${rows[0]?.count} rows, expected ${records}`)
}

/** Number of rows and a checksum of a table's content, to the last digit, in any order of rows. */
export async function checksum(store: Store, table: string): Promise<string> {
  const { rows } = await store.pool.query<{ rows: string; sum: string }>(
    `select count(*)::text as rows, sum(hashtextextended(t::text, 0)::numeric)::text as sum from (select ${COLUMNS} from ${table}) as t`,
  )
  return `${rows[0]?.rows} rows, checksum ${rows[0]?.sum}`
}
