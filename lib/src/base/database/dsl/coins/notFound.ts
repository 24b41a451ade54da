import { QiError } from '../../../types/index.ts'
import type { RowReader } from '../../reading/RowReader.ts'
import { nearIds } from './near.ts'

const NAMESAKES = `select coin_id, source from (
  select coin_id, source from currencies where lower(symbol) = lower($1) or lower(name) = lower($1)
  union select coin_id, source from trading_pairs where lower(symbol) = lower($1)) as found order by coin_id, source limit 11`

interface Asked {
  readonly coin: string
  readonly source?: string | undefined
  readonly currency?: string | undefined
}

/**
 * The NOT_FOUND error for a coin, with ids that may have been meant: people type a ticker (btc) instead of the source's id (bitcoin),
 * or mistype the id. A ticker that several coins share is never guessed.
 * @param what the kind of data that is missing, such as price
 */
export async function coinNotFound(reader: RowReader, asked: Asked, what: string): Promise<QiError> {
  const { coin, source, currency } = asked
  const found = await reader.rows({ text: NAMESAKES, values: [coin] })
  const ids = found.slice(0, 10).map((row) => `${row.coin_id} (${row.source})`)
  const more = found.length > 10 ? ' and more' : ''
  const near = ids.length > 0 ? [] : await nearIds(reader, coin)
  const hint =
    ids.length > 0
      ? `; "${coin}" is the ticker or name of ${ids.join(', ')}${more}: use the id`
      : near.length > 0
        ? `; did you mean ${near.join(' or ')}?`
        : ''
  const which = `"${coin}"${source ? ` at ${source}` : ''}${currency ? ` in ${currency}` : ''}`
  const remedy = hint || '; ask for the latest prices to see which coins, sources and currencies are stored'
  return new QiError('NOT_FOUND', `no ${what} of ${which} is stored${remedy}`, { field: 'coin' })
}
