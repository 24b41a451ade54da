import { instrument } from '../../../types/index.ts'
import type { RowReader } from '../../reading/RowReader.ts'
import { fromCursor, toCursor } from '../query/cursor.ts'
import type { instrumentsQuery } from '../query/queries.ts'
import type { QueryOf } from '../query/query.ts'
import type { InstrumentPage } from '../results.ts'

const COMMON = 'coin_id, source, time, received_at, origin, symbol, name, active'
const MARKET = 'exchange, tick_size, lot_size, calendar, mic, timezone, asset_class, currency'
const NO_PAIR = 'null as base, null as quote'
const NO_MARKET = `null as exchange, null::numeric as tick_size, null::numeric as lot_size, null as calendar, null as mic,
    null as timezone, null as asset_class, null as currency`

/**
 * SQL: $1 search, $2 kind, $3 source, $4–$7 the cursor, $8 limit. Exact ids and tickers come first, then those that begin with the
 * text, then those that contain it.
 */
const LIST = `with everything as (
  select 'currency' as kind, ${COMMON}, ${NO_PAIR}, ${NO_MARKET} from currencies
  union all select 'exchange', ${COMMON}, ${NO_PAIR}, ${NO_MARKET} from exchanges
  union all select 'pair', ${COMMON}, base, quote, ${MARKET} from trading_pairs
  union all select 'security', ${COMMON}, ${NO_PAIR}, ${MARKET} from securities),
found as (
  select *, case when $1::text is null then '0'
    when lower($1) in (lower(coin_id), lower(symbol), lower(name)) then '0'
    when starts_with(lower(coin_id), lower($1)) or starts_with(lower(symbol), lower($1)) or starts_with(lower(name), lower($1)) then '1'
    else '2' end collate "C" as place
  from everything
  where ($2::text is null or kind = $2) and ($3::text is null or source = $3)
    and ($1::text is null or strpos(lower(coin_id), lower($1)) > 0 or strpos(lower(symbol), lower($1)) > 0 or strpos(lower(name), lower($1)) > 0))
select * from found
where $4::text is null or (place, coin_id, source, kind collate "C") > ($4::text, $5::text, $6::text, $7::text)
order by place, coin_id, source, kind collate "C" limit $8`

/** A page of the instruments that the sources list. */
export async function listInstruments(reader: RowReader, query: QueryOf<typeof instrumentsQuery>): Promise<InstrumentPage> {
  const after = fromCursor(query.after, 4) ?? [null, null, null, null]
  const values = [query.search ?? null, query.kind ?? null, query.source ?? null, ...after, query.limit + 1]
  const rows = await reader.rows({ text: LIST, values })
  const items = reader.readable(instrument, rows.slice(0, query.limit))
  if (rows.length <= query.limit) return { items }
  const last = rows[query.limit - 1]
  return { items, next: toCursor(['place', 'coin_id', 'source', 'kind'].map((name) => last?.[name] ?? '')) }
}
