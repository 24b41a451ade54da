import { MANUAL, QiError } from '../../../types/index.ts'
import type { RowReader } from '../../reading/RowReader.ts'
import { ambiguous } from './ambiguous.ts'
import { isStoredSeries } from './stored.ts'

const STORED = isStoredSeries('s')

/** SQL: true if records of the coin are stored. */
const isStored = (coin: string): string => `exists (select from series as s where s.coin_id = ${coin} and ${STORED})`

/**
 * SQL: for each name of $1 the name itself if it is a stored or listed id, else the ids whose ticker, venue's symbol or name it is.
 * Manual instruments do not make a provider's ticker ambiguous. Venues give one symbol to a pair and its perpetual: pairs and
 * securities without records do not make the symbol of a stored one ambiguous.
 */
const FIND = `select n.name, r.coin_id, r.known from (select distinct unnest($1::text[]) as name) as n cross join lateral (
  with known as (select 1 where ${isStored('n.name')}
    or exists (select from currencies as c where c.coin_id = n.name) or exists (select from trading_pairs as p where p.coin_id = n.name)
    or exists (select from securities as e where e.coin_id = n.name))
  select n.name as coin_id, true as known from known
  union
  select coin_id, false from (select coin_id, rank() over (order by source = '${MANUAL}', unstored) as rank from (
    select coin_id, source, false as unstored from currencies where lower(symbol) = lower(n.name) or lower(name) = lower(n.name)
    union select coin_id, source, not ${isStored('p.coin_id')} from trading_pairs as p where lower(symbol) = lower(n.name)
    union select coin_id, source, not ${isStored('e.coin_id')} from securities as e where lower(symbol) = lower(n.name)) as every) as named
  where rank = 1 and not exists (select from known)) as r
order by 1, 2`

/**
 * SQL: for each name of $1 the stored ids that differ from it only in capitals, and (`pair`) those of pairs or shares with it as
 * their ticker (`BTC/USDT`, `AAPL:XNAS`).
 */
const FIND_STORED = `select n.name, s.coin_id, lower(s.coin_id) <> lower(n.name) as pair
  from (select distinct unnest($1::text[]) as name) as n
  join (select distinct coin_id from series as s where ${STORED}) as s
    on lower(n.name) in (lower(s.coin_id), lower(substring(s.coin_id from '^[^/:]+(?=[/:])')))
order by 1, 2`

/** SQL: those of the coins $1 that have records of, or are listed by, these sources $2 in these currencies $3. */
const NARROW = `select coin_id from (
  select coin_id, source, currency from series as s where coin_id = any ($1::text[]) and ${STORED}
  union select coin_id, source, quote from trading_pairs where coin_id = any ($1)
  union select coin_id, source, currency from securities where coin_id = any ($1)) as named
where ($2::text[] is null or source = any ($2)) and ($3::text[] is null or currency = any ($3)) group by 1`

/** Sources and currencies that a query asks for: they decide between coins with one ticker. */
export interface CoinsOf {
  readonly sources?: readonly string[] | undefined
  readonly currencies?: readonly string[] | undefined
}

/**
 * The ids that each name may mean: the name itself if it is a stored or listed id; else the listed coins with that ticker, symbol or
 * name, and the stored pairs of that base.
 */
export async function coinsNamed(reader: RowReader, names: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, string[]>(names.map((name) => [name, []]))
  if (names.length === 0) return found
  const known = new Set<string>()
  for (const row of await reader.rows({ name: 'coins-named', text: FIND, values: [names] })) {
    found.get(String(row.name))?.push(String(row.coin_id))
    if (row.known === 't') known.add(String(row.name))
  }
  const others = names.filter((name) => !known.has(name))
  if (others.length === 0) return found
  const rows = await reader.rows({ name: 'coins-stored', text: FIND_STORED, values: [others] })
  for (const [name, alike] of Map.groupBy(rows, (row) => String(row.name))) {
    const listed = found.get(name) ?? []
    const same = listed.length > 0 ? [] : alike.filter((row) => row.pair !== 't')
    const added = same.length > 0 ? same : alike.filter((row) => row.pair === 't')
    found.set(name, [...new Set([...listed, ...added.map((row) => String(row.coin_id))])])
  }
  return found
}

/**
 * Turns names of coins into the source's ids. A stored or listed id stays, the ticker, symbol or name of exactly one coin (`btc`,
 * `Bitcoin`, `btc/usdt`, `BTCUSDT`) becomes its id, an unknown name stays.
 * @param of of several coins with that name, the one that has records of these, or is listed by them, is meant
 * @throws QiError NOT_FOUND if several coins share the name, with their ids, sources and ranks
 */
export async function resolveCoins(reader: RowReader, given: readonly string[], of: CoinsOf = {}): Promise<string[]> {
  const names = given.map((name) => name.trim())
  const found = new Map(await coinsNamed(reader, names))
  for (const [name, ids] of found) {
    if (ids.length < 2) continue
    const narrowed = await narrow(reader, ids, of)
    if (narrowed.length !== 1) throw await ambiguous(reader, name, narrowed.length > 1 ? narrowed : ids)
    found.set(name, narrowed)
  }
  return names.map((name) => found.get(name)?.[0] ?? name)
}

async function narrow(reader: RowReader, ids: readonly string[], { sources, currencies }: CoinsOf): Promise<readonly string[]> {
  if (!sources && !currencies) return ids
  const rows = await reader.rows({ text: NARROW, values: [ids, sources ?? null, currencies ?? null] })
  return rows.map((row) => String(row.coin_id))
}

/** The sources and the currency of a query of one coin, if it names them. */
export const coinsOf = ({ source, sources, currency, currencies }: OfOneCoin): CoinsOf => ({
  ...(currencies !== undefined && { currencies }),
  ...(sources !== undefined && { sources }),
  ...(source !== undefined && { sources: [source] }),
  ...(currency !== undefined && { currencies: [currency] }),
})

interface OfOneCoin {
  readonly source?: string | undefined
  readonly sources?: readonly string[] | undefined
  readonly currency?: string | undefined
  readonly currencies?: readonly string[] | undefined
}

/**
 * Runs a query of one coin. If nothing is stored under that name, it runs again with the id of the coin that has it as ticker or
 * name; so an id costs no search.
 * @throws QiError NOT_FOUND if nothing is stored, or several coins share the ticker
 */
export async function byName<Q extends OfOneCoin & { readonly coin: string }, T>(
  reader: RowReader,
  query: Q,
  run: (query: Q) => Promise<T>,
): Promise<T> {
  try {
    return await run(query)
  } catch (error) {
    if (!(error instanceof QiError) || error.code !== 'NOT_FOUND' || error.field !== 'coin') throw error
    const [coin] = await resolveCoins(reader, [query.coin], coinsOf(query))
    if (coin === undefined || coin === query.coin) throw error
    return run({ ...query, coin })
  }
}
