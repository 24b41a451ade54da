import { countOf, MANUAL, QiError } from '../../../types/index.ts'
import type { RowReader } from '../../reading/RowReader.ts'
import { RANKS } from './ranks.ts'

const STORED = `s.type in ('price', 'ohlcv', 'trade') and s.first is not null`

/**
 * SQL: for each name of $1 the name itself if it is a stored or listed id, else the ids whose ticker or name it is. Manual
 * instruments do not make a provider's ticker ambiguous.
 */
const FIND = `select n.name, r.coin_id from (select distinct unnest($1::text[]) as name) as n cross join lateral (
  with known as (select 1 where exists (select from series as s where s.coin_id = n.name and ${STORED})
    or exists (select from currencies as c where c.coin_id = n.name) or exists (select from trading_pairs as p where p.coin_id = n.name))
  select n.name as coin_id from known
  union
  select coin_id from (select coin_id, rank() over (order by source = '${MANUAL}') as rank from (
    select coin_id, source from currencies where lower(symbol) = lower(n.name) or lower(name) = lower(n.name)
    union select coin_id, source from trading_pairs where lower(symbol) = lower(n.name)) as every) as named
  where rank = 1 and not exists (select from known)) as r
order by 1, 2`

/**
 * SQL: for each name of $1 that no source lists, the stored ids that differ from it only in capitals, else the ids of pairs or shares
 * with it as their ticker (`BTC/USDT`, `AAPL:XNAS`).
 */
const FIND_STORED = `select name, coin_id from (
  select n.name, s.coin_id, rank() over (partition by n.name order by lower(s.coin_id) <> lower(n.name)) as rank
  from (select distinct unnest($1::text[]) as name) as n
  join (select distinct coin_id from series as s where ${STORED} and coin_id <> '') as s
    on lower(n.name) in (lower(s.coin_id), lower(substring(s.coin_id from '^[^/:]+(?=[/:])')))) as found
where rank = 1 order by 1, 2`

const RANKS_OF = `select * from (${RANKS}) as r where coin_id = any ($1::text[])`

/** The ids that each name may mean: the name itself if it is a stored or listed id, else the ids with that ticker or name. */
export async function coinsNamed(reader: RowReader, names: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, string[]>(names.map((name) => [name, []]))
  const add = async (name: string, text: string, unknown: readonly string[]) => {
    if (unknown.length === 0) return
    for (const row of await reader.rows({ name, text, values: [unknown] })) found.get(String(row.name))?.push(String(row.coin_id))
  }
  await add('coins-named', FIND, names)
  await add(
    'coins-stored',
    FIND_STORED,
    [...found].filter(([, ids]) => ids.length === 0).map(([name]) => name),
  )
  return found
}

/** The most candidates that an error lists. */
const MOST = 10

/** @returns NOT_FOUND with the candidates, the greatest capitalisation first */
async function ambiguous(reader: RowReader, name: string, ids: readonly string[]): Promise<QiError> {
  const rows = await reader.rows({ name: 'coin-ranks', text: RANKS_OF, values: [ids] })
  const ranks = new Map(rows.map((row) => [String(row.coin_id), Number(row.place)]))
  const rankOf = (id: string) => ranks.get(id) ?? Number.POSITIVE_INFINITY
  const sorted = ids.toSorted((a, b) => (rankOf(a) === rankOf(b) ? (a < b ? -1 : 1) : rankOf(a) - rankOf(b)))
  const some = sorted.slice(0, MOST).map((id) => (ranks.has(id) ? `${id} (rank ${ranks.get(id)})` : id))
  const more = ids.length > MOST ? ` and ${ids.length - MOST} more` : ''
  return new QiError(
    'NOT_FOUND',
    `coin "${name.slice(0, 60)}" is the ticker or name of ${countOf(ids.length, 'coin')}: ${some.join(', ')}${more}; use an id`,
    { field: 'coin' },
  )
}

/**
 * Turns names of coins into the source's ids. A stored or listed id stays, the ticker or name of exactly one coin (`btc`, `Bitcoin`,
 * `btc/usdt`) becomes its id, an unknown name stays.
 * @throws QiError NOT_FOUND if several coins share the ticker, with their ids and ranks
 */
export async function resolveCoins(reader: RowReader, given: readonly string[]): Promise<string[]> {
  const names = given.map((name) => name.trim())
  const found = await coinsNamed(reader, names)
  for (const [name, ids] of found) if (ids.length > 1) throw await ambiguous(reader, name, ids)
  return names.map((name) => found.get(name)?.[0] ?? name)
}

/**
 * Runs a query of one coin. If nothing is stored under that name, it runs again with the id of the coin that has it as ticker or
 * name; so an id costs no search.
 * @throws QiError NOT_FOUND if nothing is stored, or several coins share the ticker
 */
export async function byName<Q extends { readonly coin: string }, T>(
  reader: RowReader,
  query: Q,
  run: (query: Q) => Promise<T>,
): Promise<T> {
  try {
    return await run(query)
  } catch (error) {
    if (!(error instanceof QiError) || error.code !== 'NOT_FOUND' || error.field !== 'coin') throw error
    const [coin] = await resolveCoins(reader, [query.coin])
    if (coin === undefined || coin === query.coin) throw error
    return run({ ...query, coin })
  }
}
