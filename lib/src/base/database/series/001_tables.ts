/**
 * The registry of series, one row each: number, names (empty if its records have no such field), times of the first and last record, and
 * figures of the last one. `written` is the last transaction that wrote to the series. Tables of records are keyed by the number instead of
 * the names, which halves the index and takes 45 % off the CPU of an insert; views show and accept the names.
 */
export const createSeriesTables = `
create table series (
  id bigint generated always as identity primary key,
  type text collate "C" not null,
  coin_id text collate "C" not null default '',
  source text collate "C" not null default '',
  currency text collate "C" not null default '',
  timeframe text collate "C" not null default '',
  name text collate "C" not null default '',
  params text collate "C" not null default '',
  first timestamptz,
  last timestamptz,
  received_at timestamptz,
  origin text collate "C",
  price numeric,
  market_cap numeric,
  volume_24h numeric,
  change_24h_pct numeric,
  sequence bigint,
  written xid8,
  constraint series_names unique (coin_id, source, currency, type, timeframe, name, params)
) with (fillfactor = 50);

create table crypto_prices_rows (
  series bigint not null,
  time timestamptz not null,
  received_at timestamptz not null,
  origin text collate "C" not null,
  price numeric not null,
  market_cap numeric,
  volume_24h numeric,
  change_24h_pct numeric,
  primary key (series, time)
);
insert into series (type, coin_id, source, currency) select distinct 'price', coin_id, source, currency from crypto_prices;
insert into crypto_prices_rows (series, time, received_at, origin, price, market_cap, volume_24h, change_24h_pct)
  select s.id, o.time, o.received_at, o.origin, o.price, o.market_cap, o.volume_24h, o.change_24h_pct from crypto_prices as o join series as s on s.type = 'price'
    and s.coin_id = o.coin_id and s.source = o.source and s.currency = o.currency;
drop table crypto_prices cascade;
create index crypto_prices_rows_time on crypto_prices_rows using brin (time);
alter table crypto_prices_rows add constraint crypto_prices_readable check (time >= '0001-01-01 00:00:00+00' and time <= '2255-06-05 23:47:34.740991+00' and received_at >= '0001-01-01 00:00:00+00' and received_at <= '2255-06-05 23:47:34.740991+00' and scale(price) is not null and (market_cap is null or scale(market_cap) is not null) and (volume_24h is null or scale(volume_24h) is not null) and (change_24h_pct is null or scale(change_24h_pct) is not null)) not valid;

create table ohlcv_data_rows (
  series bigint not null,
  time timestamptz not null,
  received_at timestamptz not null,
  origin text collate "C" not null,
  timeframe text collate "C" not null,
  open numeric not null,
  high numeric not null,
  low numeric not null,
  close numeric not null,
  volume numeric,
  trade_count bigint,
  is_final boolean not null,
  built_from text collate "C" not null,
  flaw text generated always as (case
    when time <> date_bin(case timeframe when '1s' then interval '1 seconds' when '1m' then interval '60 seconds' when '3m' then interval '180 seconds' when '5m' then interval '300 seconds' when '15m' then interval '900 seconds' when '30m' then interval '1800 seconds' when '45m' then interval '2700 seconds' when '1h' then interval '3600 seconds' when '2h' then interval '7200 seconds' when '4h' then interval '14400 seconds' when '6h' then interval '21600 seconds' when '8h' then interval '28800 seconds' when '12h' then interval '43200 seconds' when '1d' then interval '86400 seconds' when '3d' then interval '259200 seconds' when '4d' then interval '345600 seconds' when '1w' then interval '604800 seconds' end, time,
    case timeframe when '1w' then timestamptz '1970-01-05 00:00:00+00' else timestamptz '1970-01-01 00:00:00+00' end)
    then 'opens off the grid of its timeframe'
    when high < low then 'high below low'
    when greatest(open, close) > high or least(open, close) < low then 'open or close outside low and high'
    when volume < 0 then 'negative volume'
    end) stored,
  primary key (series, time)
);
insert into series (type, coin_id, source, currency, timeframe) select distinct 'ohlcv', coin_id, source, currency, timeframe from ohlcv_data;
insert into ohlcv_data_rows (series, time, received_at, origin, timeframe, open, high, low, close, volume, trade_count, is_final, built_from)
  select s.id, o.time, o.received_at, o.origin, o.timeframe, o.open, o.high, o.low, o.close, o.volume, o.trade_count, o.is_final, o.built_from from ohlcv_data as o join series as s on s.type = 'ohlcv'
    and s.coin_id = o.coin_id and s.source = o.source and s.currency = o.currency and s.timeframe = o.timeframe;
drop table ohlcv_data cascade;
create index ohlcv_data_rows_time on ohlcv_data_rows using brin (time);
alter table ohlcv_data_rows add constraint ohlcv_data_readable check (time >= '0001-01-01 00:00:00+00' and time <= '2255-06-05 23:47:34.740991+00' and received_at >= '0001-01-01 00:00:00+00' and received_at <= '2255-06-05 23:47:34.740991+00' and scale(open) is not null and scale(high) is not null and scale(low) is not null and scale(close) is not null and (volume is null or scale(volume) is not null)) not valid;

create table trades_rows (
  series bigint not null,
  time timestamptz not null,
  received_at timestamptz not null,
  origin text collate "C" not null,
  trade_id text collate "C" not null,
  side text collate "C" not null,
  price numeric not null,
  amount numeric not null,
  sequence bigint,
  primary key (series, trade_id, time)
);
insert into series (type, coin_id, source, currency) select distinct 'trade', coin_id, source, currency from trades;
insert into trades_rows (series, time, received_at, origin, trade_id, side, price, amount, sequence)
  select s.id, o.time, o.received_at, o.origin, o.trade_id, o.side, o.price, o.amount, o.sequence from trades as o join series as s on s.type = 'trade'
    and s.coin_id = o.coin_id and s.source = o.source and s.currency = o.currency;
drop table trades cascade;
create index trades_rows_time on trades_rows using brin (time);
create index trades_rows_series_time on trades_rows (series, time);
create index trades_rows_sequence on trades_rows (series, sequence) where sequence is not null;
alter table trades_rows add constraint trades_readable check (time >= '0001-01-01 00:00:00+00' and time <= '2255-06-05 23:47:34.740991+00' and received_at >= '0001-01-01 00:00:00+00' and received_at <= '2255-06-05 23:47:34.740991+00' and scale(price) is not null and scale(amount) is not null) not valid;

create table quotes_rows (
  series bigint not null,
  time timestamptz not null,
  received_at timestamptz not null,
  origin text collate "C" not null,
  sequence bigint not null,
  bid numeric not null,
  bid_size numeric not null,
  ask numeric not null,
  ask_size numeric not null,
  primary key (series, time, sequence)
);
insert into series (type, coin_id, source, currency) select distinct 'quote', coin_id, source, currency from quotes;
insert into quotes_rows (series, time, received_at, origin, sequence, bid, bid_size, ask, ask_size)
  select s.id, o.time, o.received_at, o.origin, o.sequence, o.bid, o.bid_size, o.ask, o.ask_size from quotes as o join series as s on s.type = 'quote'
    and s.coin_id = o.coin_id and s.source = o.source and s.currency = o.currency;
drop table quotes cascade;
create index quotes_rows_time on quotes_rows using brin (time);
alter table quotes_rows add constraint quotes_readable check (time >= '0001-01-01 00:00:00+00' and time <= '2255-06-05 23:47:34.740991+00' and received_at >= '0001-01-01 00:00:00+00' and received_at <= '2255-06-05 23:47:34.740991+00' and scale(bid) is not null and scale(bid_size) is not null and scale(ask) is not null and scale(ask_size) is not null) not valid;

create table market_analytics_rows (
  series bigint not null,
  time timestamptz not null,
  received_at timestamptz not null,
  origin text collate "C" not null,
  total_market_cap numeric not null,
  total_volume_24h numeric not null,
  btc_dominance numeric not null,
  eth_dominance numeric not null,
  active_coins bigint not null,
  markets bigint not null,
  change_24h_pct numeric,
  primary key (series, time)
);
insert into series (type, source, currency) select distinct 'market_analytics', source, currency from market_analytics;
insert into market_analytics_rows (series, time, received_at, origin, total_market_cap, total_volume_24h, btc_dominance, eth_dominance, active_coins, markets, change_24h_pct)
  select s.id, o.time, o.received_at, o.origin, o.total_market_cap, o.total_volume_24h, o.btc_dominance, o.eth_dominance, o.active_coins, o.markets, o.change_24h_pct from market_analytics as o join series as s on s.type = 'market_analytics'
    and s.source = o.source and s.currency = o.currency;
drop table market_analytics cascade;
alter table market_analytics_rows add constraint market_analytics_readable check (time >= '0001-01-01 00:00:00+00' and time <= '2255-06-05 23:47:34.740991+00' and received_at >= '0001-01-01 00:00:00+00' and received_at <= '2255-06-05 23:47:34.740991+00' and scale(total_market_cap) is not null and scale(total_volume_24h) is not null and scale(btc_dominance) is not null and scale(eth_dominance) is not null and (change_24h_pct is null or scale(change_24h_pct) is not null)) not valid;

create table trending_rows (
  series bigint not null,
  coin_id text collate "C" not null,
  time timestamptz not null,
  received_at timestamptz not null,
  origin text collate "C" not null,
  rank bigint not null,
  score numeric,
  price numeric,
  primary key (series, time, rank)
);
insert into series (type, source) select distinct 'trending', source from trending;
insert into trending_rows (series, coin_id, time, received_at, origin, rank, score, price)
  select s.id, o.coin_id, o.time, o.received_at, o.origin, o.rank, o.score, o.price from trending as o join series as s on s.type = 'trending'
    and s.source = o.source;
drop table trending cascade;
alter table trending_rows add constraint trending_readable check (time >= '0001-01-01 00:00:00+00' and time <= '2255-06-05 23:47:34.740991+00' and received_at >= '0001-01-01 00:00:00+00' and received_at <= '2255-06-05 23:47:34.740991+00' and (score is null or scale(score) is not null) and (price is null or scale(price) is not null)) not valid;

create table indicators_rows (
  series bigint not null,
  time timestamptz not null,
  received_at timestamptz not null,
  origin text collate "C" not null,
  value double precision not null,
  primary key (series, time)
);
insert into series (type, coin_id, source, currency, timeframe, name, params) select distinct 'indicator', coin_id, source, currency, timeframe, name, params from indicators;
insert into indicators_rows (series, time, received_at, origin, value)
  select s.id, o.time, o.received_at, o.origin, o.value from indicators as o join series as s on s.type = 'indicator'
    and s.coin_id = o.coin_id and s.source = o.source and s.currency = o.currency and s.timeframe = o.timeframe and s.name = o.name and s.params = o.params;
drop table indicators cascade;
create index indicators_rows_time on indicators_rows using brin (time);
alter table indicators_rows add constraint indicators_readable check (time >= '0001-01-01 00:00:00+00' and time <= '2255-06-05 23:47:34.740991+00' and received_at >= '0001-01-01 00:00:00+00' and received_at <= '2255-06-05 23:47:34.740991+00' and value > '-infinity' and value < 'infinity') not valid;
`
