import type { Reader } from '../../reader.ts'
import type { dataHealthQuery } from '../analysisQueries.ts'
import type { SeriesHealth } from '../analysisResults.ts'
import { fromCursor } from '../cursor.ts'
import type { QueryOf } from '../query.ts'

export type SeriesKind = Pick<SeriesHealth, 'coinId' | 'source' | 'currency' | 'kind'>

/** Every series of a table, by jumps through its index; $1 the coin, where only its series are wanted. */
function seriesOf(name: string, table: string, columns: readonly string[]): string {
  const list = (row: string) => columns.map((column) => `${row}.${column}`).join(', ')
  return `${name} (${columns.join(', ')}) as (
  (select ${list('f')} from ${table} as f where $1::text is null or f.coin_id = $1 order by ${list('f')} limit 1)
  union all
  select n.* from ${name} as w cross join lateral (select ${list('t')} from ${table} as t
    where (${list('t')}) > (${list('w')}) order by ${list('t')} limit 1) as n where $1::text is null or n.coin_id = $1)`
}

const KEY = ['coin_id', 'source', 'currency']

/** $2 source, $3 currency, $4–$7 the cursor, $8 limit */
const LIST = `with recursive ${seriesOf('b', 'ohlcv_data', [...KEY, 'timeframe'])}, ${seriesOf('d', 'trades', KEY)}, ${seriesOf('p', 'crypto_prices', KEY)},
a as (select coin_id, source, currency, timeframe as kind from b union all select *, 'trades' from d union all select *, 'prices' from p)
select * from a where ($2::text is null or source = $2) and ($3::text is null or currency = $3)
  and ($4::text is null or (coin_id, source, currency, kind collate "C") > ($4::text, $5::text, $6::text, $7::text))
order by coin_id, source, currency, kind collate "C" limit $8`

/** What is held, one page. */
export async function listSeries(reader: Reader, query: QueryOf<typeof dataHealthQuery>): Promise<readonly SeriesKind[]> {
  const after = fromCursor(query.after, 4) ?? [null, null, null, null]
  const values = [query.coin ?? null, query.source ?? null, query.currency ?? null, ...after, query.limit + 1]
  const rows = await reader.rows({ text: LIST, values })
  return rows.map((row) => ({
    coinId: row.coin_id as string,
    source: row.source as string,
    currency: row.currency as string,
    kind: row.kind as SeriesKind['kind'],
  }))
}
