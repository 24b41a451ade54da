/** Source series of each kind of bars, and the finest level built from records. */
const KINDS = `kinds (built_from, type, timeframe, level) as (values ('trades', 'trade', '', 0), ('prices', 'price', '', 0), ('candles', 'ohlcv', '1m', 1))`
const OF_SERIES = `kinds as k using (built_from) join series as s on s.type = k.type and s.coin_id = o.coin_id and s.source = o.source
    and s.currency = o.currency and s.timeframe = k.timeframe and s.name = '' and s.params = ''`

/**
 * Adds `trade_id` to the registry, to order trades of one moment; keys bars by series number. A mark lists the series of one shard and
 * level with the same dirty range, in whole bars of the level, and when it is due.
 */
export const rollups = `
alter table series add column trade_id text collate "C";

insert into series (type, coin_id, source, currency, timeframe)
  with ${KINDS} select distinct k.type, o.coin_id, o.source, o.currency, k.timeframe from rollups as o join kinds as k using (built_from)
  on conflict do nothing;
alter table rollups rename to rollups_before;
alter table rollups_before rename constraint rollups_pkey to rollups_before_pkey;
create table rollups (
  series bigint not null,
  timeframe text collate "C" not null,
  time timestamptz not null,
  open numeric not null,
  high numeric not null,
  low numeric not null,
  close numeric not null,
  volume numeric,
  trade_count bigint,
  is_final boolean not null,
  pieces bigint not null,
  received_at timestamptz not null,
  simulated boolean not null,
  origin text collate "C" not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  primary key (series, timeframe, time)
);
insert into rollups (series, timeframe, time, open, high, low, close, volume, trade_count, is_final, pieces, received_at, simulated, origin, first_at, last_at)
  with ${KINDS} select s.id, o.timeframe, o.time, o.open, o.high, o.low, o.close, o.volume, o.trade_count, o.is_final, o.pieces, o.received_at, o.simulated, o.origin, o.first_at, o.last_at
  from rollups_before as o join ${OF_SERIES};
drop table rollups_before cascade;

alter table rollup_marks rename to rollup_marks_before;
alter table rollup_marks_before rename constraint rollup_marks_pkey to rollup_marks_before_pkey;
-- Only ever appended to and deleted from, so that writers never wait for one another.
create table rollup_marks (
  id bigint generated always as identity primary key,
  shard smallint not null,
  built_from text collate "C" not null,
  level smallint not null,
  since timestamptz not null,
  until timestamptz not null,
  due timestamptz not null default now(),
  series bigint[] not null
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);
create index rollup_marks_due on rollup_marks (shard, due);
insert into rollup_marks (shard, built_from, level, since, until, series)
  with ${KINDS} select (s.id & 7)::smallint, built_from, k.level, date_bin('5 minutes', o.since, 'epoch'),
    date_bin('5 minutes', o.until, 'epoch') + interval '5 minutes', array[s.id]
  from rollup_marks_before as o join ${OF_SERIES};
drop table rollup_marks_before;
`
