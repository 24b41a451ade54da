import type { RowReader } from '../../reading/RowReader.ts'
import { ambiguous } from '../coins/ambiguous.ts'
import { coinsNamed } from '../coins/resolve.ts'
import { isStoredSeries } from '../coins/stored.ts'

/** SQL: tickers of the ids $1: a currency's symbol, the base of a spot pair. */
const TICKERS = `select distinct upper(symbol) as ticker from currencies where coin_id = any ($1::text[])
  union select upper(split_part(id, '/', 1)) from unnest($1::text[]) as id where id like '%/%' and id not like '%:%'`

/** SQL: stored currencies with the ticker $1, and stored spot pairs of that base. */
const ALIKE = `select distinct coin_id, coin_id like '%/%' as pair from series as s where ${isStoredSeries('s')} and coin_id not like '%:%'
  and (upper(split_part(coin_id, '/', 1)) = $1 and coin_id like '%/%'
    or exists (select from currencies as c where c.coin_id = s.coin_id and upper(c.symbol) = $1))`

/**
 * The ids of one asset at all sources: of an asset its own and those of its spot pairs; of a pair or a share its own, and with `like`
 * also the asset's others.
 * @throws QiError NOT_FOUND if several coins share the ticker
 */
export async function idsOfAsset(reader: RowReader, coin: string, like: boolean): Promise<readonly string[]> {
  const named = (await coinsNamed(reader, [coin])).get(coin) ?? []
  const given = named.length > 0 ? named : [coin]
  // Coins that share a ticker are different assets; pairs that share a base are one.
  const coins = given.filter((id) => !id.includes('/'))
  if (coins.length > 1) throw await ambiguous(reader, coin, coins)
  const one = coins[0] ?? (given.length === 1 ? given[0] : undefined)
  if (one?.includes(':') || (one?.includes('/') && !like)) return [one]
  const tickers = await reader.rows({ text: TICKERS, values: [given] })
  const alike = tickers.length === 1 ? await reader.rows({ text: ALIKE, values: [String(tickers[0]?.ticker)] }) : []
  const stored = alike.filter(({ pair }) => pair !== 't').map((row) => String(row.coin_id))
  if (coins.length === 0 && stored.length > 1) throw await ambiguous(reader, coin, stored)
  const pairs = alike.filter(({ pair }) => pair === 't').map((row) => String(row.coin_id))
  return [...new Set([...given.filter((id) => !id.includes(':')), ...(coins.length === 0 ? stored : []), ...pairs])]
}
