import { MANUAL, QiError } from '../../types/index.ts'
import type { Reader } from '../reader.ts'

/**
 * Of each name of $1: itself where something is held under that id, else the ids whose ticker or name it is. What somebody handed in
 * makes no provider's ticker ambiguous.
 */
const FIND = `select n.name, r.coin_id from (select distinct unnest($1::text[]) as name) as n cross join lateral (
  with held as (select 1 where exists (select from series as s where s.coin_id = n.name and s.type in ('price', 'ohlcv', 'trade')
    and s.first is not null))
  select n.name as coin_id from held
  union
  select coin_id from (select coin_id, rank() over (order by source = '${MANUAL}') as rank from (
    select coin_id, source from currencies where lower(symbol) = lower(n.name) or lower(name) = lower(n.name)
    union select coin_id, source from trading_pairs where lower(symbol) = lower(n.name)) as every) as named
  where rank = 1 and not exists (select from held)) as r
order by 1, 2`

/** The ids that each name may mean: the id itself where it is held, else those of which it is the ticker or name. */
export async function coinsNamed(reader: Reader, names: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await reader.rows({ name: 'coins-named', text: FIND, values: [names] })
  const found = new Map<string, string[]>(names.map((name) => [name, []]))
  for (const row of rows) found.get(String(row.name))?.push(String(row.coin_id))
  return found
}

/**
 * The source's ids of the coins that a caller names: an id that is held stays, the ticker or name of one coin alone (`btc`) becomes its
 * id, an unknown name stays as it is.
 * @throws QiError BAD_REQUEST naming the coins that share an ambiguous ticker; it is never guessed
 */
export async function resolveCoins(reader: Reader, given: readonly string[]): Promise<string[]> {
  const names = given.map((name) => name.trim())
  const found = await coinsNamed(reader, names)
  return names.map((name) => {
    const ids = found.get(name) ?? []
    if (ids.length <= 1) return ids[0] ?? name
    const some = ids.slice(0, 10).join(', ')
    const more = ids.length > 10 ? ` and ${ids.length - 10} more` : ''
    throw new QiError(
      'BAD_REQUEST',
      `coin "${name}": the ticker or name of ${ids.length} coins (${some}${more}); pass the id of the one that is meant`,
      { field: 'coin' },
    )
  })
}

/**
 * Runs a query of one coin; where nothing is held under that name it runs again with the id of the one coin that bears it as ticker or
 * name. So an id costs no search.
 */
export async function byName<Q extends { readonly coin: string }, T>(
  reader: Reader,
  query: Q,
  run: (query: Q) => Promise<T>,
): Promise<T> {
  try {
    return await run(query)
  } catch (error) {
    if (!(error instanceof QiError) || error.code !== 'NOT_FOUND' || error.field !== 'coin') throw error
    const [coin, ...others] = [...(await coinsNamed(reader, [query.coin])).values()].flat()
    if (coin === undefined || coin === query.coin || others.length > 0) throw error
    return run({ ...query, coin })
  }
}
