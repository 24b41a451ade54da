import { TIMEFRAMES, timeframeMicros } from '../../../types/index.ts'
import { rankOfOrigin } from '../preference.ts'

const HOUR = timeframeMicros('1h')

/** SQL: length of the bars of a series. */
const length = (series: string): string =>
  `case ${series}.timeframe ${TIMEFRAMES.map((one) => `when '${one}' then interval '${timeframeMicros(one) / 1_000_000} s'`).join(' ')} end`

/** SQL: bars of at most an hour; longer ones seldom end a day before. */
const SHORT = TIMEFRAMES.filter((one) => timeframeMicros(one) <= HOUR).map((one) => `'${one}'`)

/** SQL: $1 sources, $2 currencies */
const asked = (row: string): string =>
  `${row}.last is not null and ($1::text[] is null or ${row}.source = any ($1)) and ($2::text[] is null or ${row}.currency = any ($2))`

/** SQL: true if the same coin has a series of this type, with this source and currency. */
const also = (row: string, type: string): string => `exists (select from series as o where o.coin_id = ${row}.coin_id
  and o.source = ${row}.source and o.currency = ${row}.currency and o.type = '${type}' and o.last is not null)`

/** SQL: series without prices, by their last trade. */
const TRADED = `select s.id, s.coin_id, s.source, s.currency, s.last as time, s.received_at, s.origin, s.price, null::numeric as market_cap,
    null::numeric as volume_24h, null::numeric as change_24h_pct, 'trades' as built_from
  from series as s where s.type = 'trade' and ${asked('s')} and not ${also('s', 'price')}`

/**
 * SQL: series without trades of a source and currency without any price, by the close of the newest bar; of two bars with one open, by the
 * shorter.
 */
const BARRED = `select b.id, b.coin_id, b.source, b.currency, least(r.time + b.length, greatest(r.received_at, r.time)) as time, r.received_at,
    r.origin, r.close, null::numeric, null::numeric, null::numeric, 'candles'
  from (select distinct on (s.coin_id, s.source, s.currency) s.id, s.coin_id, s.source, s.currency, s.last, ${length('s')} as length
      from series as s where s.type = 'ohlcv' and ${asked('s')} and not ${also('s', 'trade')}
        and not exists (select from priced as p where p.source = s.source and p.currency = s.currency)
      order by s.coin_id, s.source, s.currency, s.last desc, ${length('s')}) as b
    join ohlcv_data_rows as r on r.series = b.id and r.time = b.last and r.flaw is null`

/** SQL: `time` of the row a day before. */
const DAY_BEFORE = "l.time - interval '1 day'"

/** SQL: the close of the newest bar that had ended a day before, by at most an hour; without one, the price of the last trade then. */
const PRICE_BEFORE = `coalesce((select r.close from series as c cross join lateral (select time, close from ohlcv_data_rows as o where o.series = c.id
      and o.time <= ${DAY_BEFORE} - ${length('c')} and o.time > ${DAY_BEFORE} - ${length('c')} - interval '1 hour'
      and o.flaw is null and o.close > 0 and scale(o.close) is not null order by o.time desc limit 1) as r
    where c.type = 'ohlcv' and c.coin_id = l.coin_id and c.source = l.source and c.currency = l.currency and c.timeframe in (${SHORT.join(', ')})
    order by r.time + ${length('c')} desc, ${length('c')} limit 1),
  (select r.price from trades_rows as r where l.built_from = 'trades' and r.series = l.id and r.time <= ${DAY_BEFORE}
      and r.time > ${DAY_BEFORE} - interval '1 hour' and r.price > 0 and scale(r.price) is not null order by r.time desc, r.sequence desc limit 1))`

const RANK = (row: string): string => rankOfOrigin(`${row}.origin`)

/**
 * SQL: breadth and movers of the latest prices, in one statement. A series without prices, as those of exchanges, has the price of its
 * last trade or bar, and its change is computed. Prices more than a day older than the newest of their source and currency are left
 * out: those coins are no longer updated. $1 sources, $2 currencies, $3 true for simulated and manual figures too, $4 how many movers
 */
export const MARKET = `with priced as materialized (select s.id, s.coin_id, s.source, s.currency, s.last as time, s.received_at, s.origin, s.price, s.market_cap,
    s.volume_24h, s.change_24h_pct, null as built_from from series as s where s.type = 'price' and ${asked('s')}),
l as materialized (select * from priced union all ${TRADED} union all ${BARRED}),
fed as materialized (select source, currency, max(time) as newest from l group by source, currency),
best as materialized (select coin_id, min(${RANK('l')}) as rank from l group by coin_id),
current as (select l.* from l join fed as f on f.source = l.source and f.currency = l.currency join best on best.coin_id = l.coin_id
  where l.time > f.newest - interval '1 day' and scale(l.price) is not null and (l.change_24h_pct is null or scale(l.change_24h_pct) is not null)
    and ($3::boolean or ${RANK('l')} = best.rank)),
shown as materialized (select l.coin_id, l.source, l.currency, l.time, l.received_at, l.origin, l.price, l.market_cap, l.volume_24h,
    case when l.built_from is null then l.change_24h_pct else trim_scale(round((l.price / before.price - 1) * 100, 6)) end as change_24h_pct,
    l.built_from from current as l left join lateral (select ${PRICE_BEFORE} as price where l.built_from is not null) as before on true),
gainers as (select * from shown where change_24h_pct > 0 order by change_24h_pct desc, coin_id, source, currency limit $4),
losers as (select * from shown where change_24h_pct < 0 order by change_24h_pct, coin_id, source, currency limit $4)
select 'breadth' as part, null as coin_id, source, currency, max(time) as time, null::timestamptz as received_at, null as origin,
  null::numeric as price, null::numeric as market_cap, null::numeric as volume_24h, null::numeric as change_24h_pct, null as built_from,
  bool_and(origin = 'simulated') as simulated, count(*) as coins, count(*) filter (where change_24h_pct > 0) as advancers,
  count(*) filter (where change_24h_pct < 0) as decliners, count(*) filter (where change_24h_pct = 0) as unchanged,
  avg(change_24h_pct)::float8 as mean from shown group by source, currency
union all select 'gainer', *, null, null, null, null, null, null from gainers
union all select 'loser', *, null, null, null, null, null, null from losers`
