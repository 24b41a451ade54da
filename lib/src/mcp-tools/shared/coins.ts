import { MANUAL, QiError, type Store } from '../../base/index.ts'

/** A coin is held under this id, or the ticker or name of these; what somebody handed in makes no provider's ticker ambiguous. */
const FIND = `select coalesce(
  (select array[$1::text] where exists (select from crypto_prices where coin_id = $1) or exists (select from ohlcv_data where coin_id = $1)
    or exists (select from trades where coin_id = $1)),
  (select array_agg(distinct coin_id) from (
    select coin_id, rank() over (order by source = '${MANUAL}') as rank from (
      select coin_id, source from currencies where lower(symbol) = lower($1) or lower(name) = lower($1)
      union select coin_id, source from trading_pairs where lower(symbol) = lower($1)) as all_named) as named where rank = 1),
  '{}') as ids`

/**
 * The source's id of what a caller names: an id that is held stays, a ticker or name of one coin alone (`btc`) becomes its id.
 * A name that nothing is known of stays as it is: the verb that gets it says what is missing.
 * @throws QiError BAD_REQUEST naming the coins that share an ambiguous ticker; it is never guessed
 */
export async function resolveCoin(store: Store, given: string): Promise<string> {
  const name = given.trim()
  const { rows } = await store.pool.query<{ ids: string[] }>({ name: 'resolve-coin', text: FIND, values: [name] })
  const ids = rows[0]?.ids ?? []
  if (ids.length > 1) {
    const some = ids.slice(0, 10).join(', ')
    const more = ids.length > 10 ? ` and ${ids.length - 10} more` : ''
    throw new QiError(
      'BAD_REQUEST',
      `coin "${name}": the ticker or name of ${ids.length} coins (${some}${more}); pass the id of the one that is meant`,
      {
        field: 'coin',
      },
    )
  }
  return ids[0] ?? name
}

export const resolveCoins = (store: Store, given: readonly string[]): Promise<string[]> =>
  Promise.all(given.map((name) => resolveCoin(store, name)))
