import type { RowReader } from '../../reading/RowReader.ts'
import type { SeriesHealth } from '../analysisResults.ts'
import { KIND_OF_SERIES } from '../candles/stored.ts'
import type { dataHealthQuery } from '../query/analysisQueries.ts'
import { fromCursor } from '../query/cursor.ts'
import type { QueryOf } from '../query/query.ts'

export type SeriesKind = Pick<SeriesHealth, 'coinId' | 'source' | 'currency' | 'kind'>

/** SQL: $1 coin, $2 source, $3 currency, $4–$7 the cursor, $8 limit */
const LIST = `select s.coin_id, s.source, s.currency, ${KIND_OF_SERIES} as kind from series as s
where s.type in ('price', 'ohlcv', 'trade') and s.first is not null and ($1::text is null or s.coin_id = $1)
  and ($2::text is null or s.source = $2) and ($3::text is null or s.currency = $3)
  and ($4::text is null or (s.coin_id, s.source, s.currency, (${KIND_OF_SERIES}) collate "C") > ($4::text, $5::text, $6::text, $7::text))
order by s.coin_id, s.source, s.currency, (${KIND_OF_SERIES}) collate "C" limit $8`

/** One page of the stored series. */
export async function listSeries(reader: RowReader, query: QueryOf<typeof dataHealthQuery>): Promise<readonly SeriesKind[]> {
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
