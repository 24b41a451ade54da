import type { AssetClass } from '../../../types/index.ts'
import type { RowReader } from '../../reading/RowReader.ts'
import type { findQuery } from '../query/queries.ts'
import type { QueryOf } from '../query/query.ts'
import type { FoundInstrument } from '../results.ts'
import { RANKS } from './ranks.ts'
import { isStoredSeries } from './stored.ts'

/** SQL: $1 text, $2 source, $3 only stored, $4 limit. Exact ids and tickers first, then those that begin with the text, then by capitalisation. */
const FIND = `with listed as (
  select coin_id, source, 'currency' as kind, symbol, name, null as mic, null as asset_class, null as currency, null as timezone from currencies
  union all select coin_id, source, 'pair', symbol, name, mic, asset_class, currency, timezone from trading_pairs
  union all select coin_id, source, 'security', symbol, name, mic, asset_class, currency, timezone from securities),
stored as (select coin_id, source from series as s where ${isStoredSeries('s')} group by 1, 2),
ranks as (${RANKS}),
found as (
  select coalesce(l.coin_id, s.coin_id) as coin_id, coalesce(l.source, s.source) as source, l.kind, l.symbol, l.name, l.mic, l.asset_class, l.currency, l.timezone, s.coin_id is not null as stored
  from listed as l full join stored as s on s.coin_id = l.coin_id and s.source = l.source)
select f.*, r.place from found as f left join ranks as r using (coin_id)
where ($2::text is null or f.source = $2) and (not $3::boolean or f.stored)
  and (strpos(lower(f.coin_id), lower($1)) > 0 or strpos(lower(f.symbol), lower($1)) > 0 or strpos(lower(f.name), lower($1)) > 0)
order by coalesce(lower($1) in (lower(f.coin_id), lower(f.symbol), lower(f.name)), false) desc,
  coalesce(starts_with(lower(f.coin_id), lower($1)) or starts_with(lower(f.symbol), lower($1)) or starts_with(lower(f.name), lower($1)), false) desc,
  r.place nulls last, f.stored desc, f.coin_id, f.source limit $4`

/** Listed or stored instruments by a part of their id, ticker or name. */
export async function findInstruments(reader: RowReader, query: QueryOf<typeof findQuery>): Promise<readonly FoundInstrument[]> {
  const rows = await reader.rows({ text: FIND, values: [query.text, query.source ?? null, query.stored, query.limit] })
  return rows.map((row) => ({
    coinId: String(row.coin_id),
    source: String(row.source),
    ...(row.kind != null && { kind: row.kind as 'currency' | 'pair' | 'security' }),
    ...(row.symbol != null && { symbol: String(row.symbol) }),
    ...(row.name != null && { name: String(row.name) }),
    ...(row.mic != null && { mic: String(row.mic) }),
    ...(row.asset_class != null && { assetClass: row.asset_class as AssetClass }),
    ...(row.currency != null && { currency: String(row.currency) }),
    ...(row.timezone != null && { timezone: String(row.timezone) }),
    stored: row.stored === 't',
    ...(row.place != null && { rank: Number(row.place) }),
  }))
}
