/**
 * SQL: `coin_id` and `place` of each stored coin by capitalisation, from 1. Capitalisations in two currencies cannot be compared, so
 * a coin's place is the one among the largest group of one source and currency.
 */
export const RANKS = `select distinct on (coin_id) coin_id, place from (
  select coin_id, rank() over (partition by source, currency order by market_cap desc) as place,
    count(*) over (partition by source, currency) as among
  from series where type = 'price' and market_cap is not null) as ranked order by coin_id, among desc`
