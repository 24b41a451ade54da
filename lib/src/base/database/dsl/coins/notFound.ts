import { QiError } from '../../../types/index.ts'
import type { RowReader } from '../../reading/RowReader.ts'
import { nearIds } from './near.ts'
import { isStoredSeries } from './stored.ts'

const NAMESAKES = `select coin_id, source from (
  select coin_id, source from currencies where lower(symbol) = lower($1) or lower(name) = lower($1)
  union select coin_id, source from trading_pairs where lower(symbol) = lower($1)
  union select coin_id, source from securities where lower(symbol) = lower($1)) as found order by coin_id, source limit 11`

/** SQL: the kinds of records that are stored of the coin $1, of each source. */
const KINDS = `select s.source, array_to_json(array_agg(distinct s.type)) as types from series as s
  where s.coin_id = $1 and ${isStoredSeries('s')} group by 1 order by 1 limit 5`

interface Asked {
  readonly coin: string
  readonly source?: string | undefined
  readonly currency?: string | undefined
}

/**
 * The NOT_FOUND error for a coin, with ids that may have been meant: people type a ticker (btc) instead of the source's id (bitcoin),
 * or mistype the id. Of a coin that has other records, these are named. A ticker that several coins share is never guessed.
 * @param what the kind of data that is missing, such as price
 */
export async function coinNotFound(reader: RowReader, asked: Asked, what: string): Promise<QiError> {
  const { coin } = asked
  const kinds = await reader.rows({ text: KINDS, values: [coin] })
  if (kinds.length > 0) {
    const held = kinds.map((row) => `${(JSON.parse(String(row.types)) as string[]).join(', ')} at ${row.source}`)
    return missing(asked, what, `; stored of it: ${held.join('; ')}; ask for one of these`)
  }
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
  return missing(asked, what, hint || '; ask for the latest prices to see which coins, sources and currencies are stored')
}

function missing({ coin, source, currency }: Asked, what: string, remedy: string): QiError {
  const which = `"${coin}"${source ? ` at ${source}` : ''}${currency ? ` in ${currency}` : ''}`
  return new QiError('NOT_FOUND', `no ${what} of ${which} is stored${remedy}`, { field: 'coin' })
}
