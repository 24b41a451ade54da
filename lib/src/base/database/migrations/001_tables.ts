/** The tables of all records. Key texts are compared byte by byte: see schema/columns.ts. */
export const tables = `
create table crypto_prices (
  coin_id text collate "C" not null,
  source text collate "C" not null,
  time timestamptz not null,
  received_at timestamptz not null,
  origin text collate "C" not null,
  currency text collate "C" not null,
  price numeric not null,
  market_cap numeric,
  volume_24h numeric,
  change_24h_pct numeric,
  primary key (coin_id, source, currency, time)
);

create table ohlcv_data (
  coin_id text collate "C" not null,
  source text collate "C" not null,
  time timestamptz not null,
  received_at timestamptz not null,
  origin text collate "C" not null,
  currency text collate "C" not null,
  timeframe text collate "C" not null,
  open numeric not null,
  high numeric not null,
  low numeric not null,
  close numeric not null,
  volume numeric,
  trade_count bigint,
  is_final boolean not null,
  built_from text collate "C" not null,
  primary key (coin_id, source, currency, timeframe, time)
);

create table trades (
  coin_id text collate "C" not null,
  source text collate "C" not null,
  time timestamptz not null,
  received_at timestamptz not null,
  origin text collate "C" not null,
  currency text collate "C" not null,
  trade_id text collate "C" not null,
  side text collate "C" not null,
  price numeric not null,
  amount numeric not null,
  primary key (coin_id, source, trade_id, time)
);

create table quotes (
  coin_id text collate "C" not null,
  source text collate "C" not null,
  time timestamptz not null,
  received_at timestamptz not null,
  origin text collate "C" not null,
  currency text collate "C" not null,
  sequence bigint not null,
  bid numeric not null,
  bid_size numeric not null,
  ask numeric not null,
  ask_size numeric not null,
  primary key (coin_id, source, time, sequence)
);

create table market_analytics (
  source text collate "C" not null,
  time timestamptz not null,
  received_at timestamptz not null,
  origin text collate "C" not null,
  currency text collate "C" not null,
  total_market_cap numeric not null,
  total_volume_24h numeric not null,
  btc_dominance numeric not null,
  eth_dominance numeric not null,
  active_coins bigint not null,
  markets bigint not null,
  change_24h_pct numeric,
  primary key (source, currency, time)
);

create table trending (
  coin_id text collate "C" not null,
  source text collate "C" not null,
  time timestamptz not null,
  received_at timestamptz not null,
  origin text collate "C" not null,
  rank bigint not null,
  score numeric,
  price numeric,
  primary key (source, time, rank)
);

create table indicators (
  coin_id text collate "C" not null,
  source text collate "C" not null,
  time timestamptz not null,
  received_at timestamptz not null,
  origin text collate "C" not null,
  currency text collate "C" not null,
  timeframe text collate "C" not null,
  name text collate "C" not null,
  params text collate "C" not null,
  value double precision not null,
  primary key (coin_id, source, currency, timeframe, name, params, time)
);

create table currencies (
  coin_id text collate "C" not null,
  source text collate "C" not null,
  time timestamptz not null,
  received_at timestamptz not null,
  origin text collate "C" not null,
  symbol text collate "C" not null,
  name text collate "C" not null,
  active boolean not null,
  primary key (source, coin_id)
);

create table exchanges (
  coin_id text collate "C" not null,
  source text collate "C" not null,
  time timestamptz not null,
  received_at timestamptz not null,
  origin text collate "C" not null,
  symbol text collate "C" not null,
  name text collate "C" not null,
  active boolean not null,
  primary key (source, coin_id)
);

create table trading_pairs (
  coin_id text collate "C" not null,
  source text collate "C" not null,
  time timestamptz not null,
  received_at timestamptz not null,
  origin text collate "C" not null,
  symbol text collate "C" not null,
  name text collate "C" not null,
  exchange text collate "C",
  base text collate "C",
  quote text collate "C",
  tick_size numeric,
  lot_size numeric,
  active boolean not null,
  primary key (source, coin_id)
);

-- A block range index costs next to nothing on insert and finds old rows for retention.
create index crypto_prices_time on crypto_prices using brin (time);
create index ohlcv_data_time on ohlcv_data using brin (time);
create index trades_time on trades using brin (time);
create index quotes_time on quotes using brin (time);
create index indicators_time on indicators using brin (time);
-- The primary key of trades does not lead to a stretch of time.
create index trades_series_time on trades (coin_id, source, currency, time);
-- Tickers are looked up without regard to case.
create index currencies_symbol on currencies (lower(symbol));
create index trading_pairs_symbol on trading_pairs (lower(symbol));
`
