import { formatTime, QiError, type RecordType, type RecordValues } from '../../../types/index.ts'
import type { RowReader } from '../../reading/RowReader.ts'
import { newestFirst } from '../../tables/marketOrder.ts'
import { seriesTables } from '../../tables/tables.ts'
import { coinNotFound } from '../coins/notFound.ts'
import { rankOfOrigin } from '../preference.ts'
import type { QueryOf } from '../query/query.ts'
import type { recentQuery } from './query.ts'

/**
 * SQL: the latest records of a type in the order of the venue, oldest first. $1 coin, $2 sources, $3 currencies, $4 from, $5 to,
 * $6 true for simulated and manual ones too, $7 limit. No row: there is no series; one row without a place: there is no record in the range.
 */
function statementOf(type: RecordType): string {
  const table = seriesTables.find(({ series }) => series.type === type.name)
  if (!table) throw new QiError('UNSUPPORTED', `records of the type ${type.name} are no series: ask for trades or quotes`)
  const { view } = table.series
  const columns = table.fields.slice(1).map(({ name }) => name)
  return `with asked as (select s.* from series as s where s.type = '${type.name}' and s.first is not null and s.coin_id = $1
    and ($2::text[] is null or s.source = any ($2)) and ($3::text[] is null or s.currency = any ($3))),
  shown as (select * from asked as s where $6::boolean or not exists (select from asked as o where o.last is not null
    and ${rankOfOrigin('o.origin')} < ${rankOfOrigin('s.origin')})),
  newest as (select s.coin_id, s.source, s.currency, r.* from shown as s cross join lateral (
    select ${columns.join(', ')} from ${table.name} as r where r.series = s.id
      and ($4::timestamptz is null or r.time >= $4) and ($5::timestamptz is null or r.time < $5)
    order by ${newestFirst(view, 'r')} limit $7) as r)
  select n.* from (select coin_id from asked limit 1) as a
  left join (select n.*, row_number() over (order by ${newestFirst(view, 'n')}, n.source, n.currency) as place from newest as n) as n
    on n.place <= $7
  order by n.place desc`
}

const statements = new Map<string, string>()

/** The latest records of one coin in a range, oldest first. @throws QiError NOT_FOUND if none of the coin is stored */
export async function recentRecords<R extends RecordValues>(
  reader: RowReader,
  type: RecordType<R>,
  { coin, sources, currencies, from, to, limit, includeSimulated }: QueryOf<typeof recentQuery>,
): Promise<readonly R[]> {
  if (from !== undefined && to !== undefined && from >= to)
    throw new QiError('BAD_REQUEST', `from ${formatTime(from)} must be before to ${formatTime(to)}`, { field: 'from' })
  const general = type as unknown as RecordType
  const text = statements.get(type.name) ?? statementOf(general)
  statements.set(type.name, text)
  const times = [from, to].map((at) => (at === undefined ? null : formatTime(at)))
  const values = [coin, sources ?? null, currencies ?? null, ...times, includeSimulated, limit]
  const rows = await reader.rows({ name: `recent_${type.name}`, text, values })
  if (rows.length === 0)
    throw await coinNotFound(reader, { coin, source: sources?.join(', '), currency: currencies?.join(', ') }, type.name)
  return reader.readable(
    type,
    rows.filter((row) => row.place != null),
  )
}
