import { openTime, QiError, type Quote, quote } from '../../../types/index.ts'
import type { RowReader } from '../../reading/RowReader.ts'
import { coinNotFound } from '../coins/notFound.ts'
import { rankOfOrigin } from '../preference.ts'
import type { QueryOf } from '../query/query.ts'
import { bestOf, LIKE_CURRENCIES, spreadOf } from './best.ts'
import type { spreadsQuery } from './query.ts'
import type { Spreads, VenueSpread } from './results.ts'

/** Series that are read for one answer. */
const MOST = 1000

/**
 * SQL: the latest quote of each series, with its age in seconds: $1 coins, $2 sources, $3 true for simulated and manual ones
 * too. The registry keeps the time of the latest quote, so one row is read of each series.
 */
const LATEST = `with asked as (select s.* from series as s where s.type = 'quote' and s.last is not null and s.coin_id = any ($1::text[])
    and ($2::text[] is null or s.source = any ($2)))
select s.coin_id, s.source, s.currency, r.time, r.received_at, r.origin, r.sequence, r.bid, r.bid_size, r.ask, r.ask_size,
  greatest(0, extract(epoch from now() - r.time))::float8 as age
from asked as s cross join lateral (select * from quotes_rows as r where r.series = s.id and r.time = s.last order by r.sequence desc limit 1) as r
where $3::boolean or not exists (select from asked as o where ${rankOfOrigin('o.origin')} < ${rankOfOrigin('s.origin')})
order by s.coin_id, s.source, s.currency limit ${MOST}`

/** The latest quote of each venue and the best of them. @throws QiError NOT_FOUND if no quote of the coin is stored */
export async function spreads(reader: RowReader, query: QueryOf<typeof spreadsQuery>): Promise<Spreads> {
  const { coin, sources, maxAge, like, includeSimulated } = query
  if (like && coin.includes(':'))
    throw new QiError('BAD_REQUEST', `like: it compares spot pairs, and "${coin}" is none; leave it out`, { field: 'like' })
  const base = coin.split('/')[0] as string
  const coins = like ? [...new Set([coin, ...LIKE_CURRENCIES.map((currency) => `${base.toUpperCase()}/${currency}`)])] : [coin]
  const values = [coins, sources ?? null, includeSimulated]
  const rows = await reader.rows({ text: LATEST, values })
  const venues: VenueSpread[] = []
  for (const row of rows)
    for (const one of reader.readable<Quote>(quote, [row])) {
      const age = Number(row.age)
      const openAge = openTime(await reader.calendarOf(one), one.time, one.time + Math.round(age * 1e6)) / 1e6
      venues.push(spreadOf(one, age, openAge > maxAge))
    }
  if (venues.length === 0) throw await coinNotFound(reader, { coin, source: sources?.join(', ') }, 'quote')
  return { coin, maxAge, venues, best: bestOf(venues, like) }
}
