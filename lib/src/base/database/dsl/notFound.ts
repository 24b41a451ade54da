import { QiError } from '../../types/index.ts'
import type { Reader } from '../reader.ts'
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
 * Says what might have been meant: people type a ticker (btc) where the source's id (bitcoin) is needed, or mistype the id. Many
 * coins share one ticker, so it is never guessed.
 */
export async function coinNotFound(reader: Reader, asked: Asked, what: string): Promise<QiError> {
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
  const remedy = hint || '; use what is held, as the latest prices name it'
  return new QiError('NOT_FOUND', `no ${what} of ${which} is stored${remedy}`, { field: 'coin' })
}
