import { countOf, QiError } from '../../../types/index.ts'
import type { RowReader } from '../../reading/RowReader.ts'
import { RANKS } from './ranks.ts'
import { isStoredSeries } from './stored.ts'

const RANKS_OF = `select * from (${RANKS}) as r where coin_id = any ($1::text[])`

const SOURCES_OF = `select coin_id, array_to_json(array_agg(source order by source)) as sources from (
  select coin_id, source from series as s where ${isStoredSeries('s')} and coin_id = any ($1::text[])
  union select coin_id, source from currencies where coin_id = any ($1)
  union select coin_id, source from trading_pairs where coin_id = any ($1)
  union select coin_id, source from securities where coin_id = any ($1)) as named group by 1`

/** The most candidates that an error lists. */
const MOST = 10
/** The most sources of a candidate that an error lists. */
const MOST_SOURCES = 3

/** @returns NOT_FOUND with the candidates, the greatest capitalisation first, and their sources unless all are of one */
export async function ambiguous(reader: RowReader, name: string, ids: readonly string[]): Promise<QiError> {
  const rows = await reader.rows({ name: 'coin-ranks', text: RANKS_OF, values: [ids] })
  const ranks = new Map(rows.map((row) => [String(row.coin_id), Number(row.place)]))
  const rankOf = (id: string) => ranks.get(id) ?? Number.POSITIVE_INFINITY
  const sorted = ids.toSorted((a, b) => (rankOf(a) === rankOf(b) ? (a < b ? -1 : 1) : rankOf(a) - rankOf(b)))
  const sources = await sourcesOf(reader, ids)
  const several = new Set([...sources.values()].flat()).size > 1
  const some = sorted.slice(0, MOST).map((id) => {
    const at = several ? ` at ${sourcesText(sources.get(id) ?? [])}` : ''
    return `${id}${at}${ranks.has(id) ? ` (rank ${ranks.get(id)})` : ''}`
  })
  const more = ids.length > MOST ? ` and ${ids.length - MOST} more` : ''
  return new QiError(
    'NOT_FOUND',
    `coin "${name.slice(0, 60)}" is the ticker or name of ${countOf(ids.length, 'coin')}: ${some.join(', ')}${more}; use an id`,
    { field: 'coin' },
  )
}

async function sourcesOf(reader: RowReader, ids: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await reader.rows({ name: 'coin-sources', text: SOURCES_OF, values: [ids] })
  return new Map(rows.map((row) => [String(row.coin_id), JSON.parse(String(row.sources)) as string[]]))
}

const sourcesText = (sources: readonly string[]): string =>
  `${sources.slice(0, MOST_SOURCES).join(' and ')}${sources.length > MOST_SOURCES ? ` and ${sources.length - MOST_SOURCES} more` : ''}`
