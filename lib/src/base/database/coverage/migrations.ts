import { type MigrationFile, migrate } from '../bookkeeping/migrate.ts'
import type { Pool } from '../connections/pool.ts'

/**
 * One row for each series, and one for each of its spans: `held` (its records are stored), `empty` (requested, and the provider has
 * nothing) or `requested` (not all stored yet). The tables of records are the truth; held spans are a cache, so that records need not
 * be read again. A session is a time in which a source ran; with an empty name, the platform.
 */
export const coverageMigrations: readonly MigrationFile[] = [
  {
    version: 1,
    name: 'coverage',
    sql: `
create table coverage_series (
  id bigint generated always as identity primary key,
  source text collate "C" not null, coin_id text collate "C" not null, currency text collate "C" not null,
  type text collate "C" not null check (type in ('price', 'ohlcv')),
  timeframe text collate "C" not null default '',
  usual interval,
  unique (source, coin_id, currency, type, timeframe));
create table coverage_spans (
  series_id bigint not null references coverage_series on delete cascade,
  state text collate "C" not null check (state in ('held', 'empty', 'requested')),
  span tstzrange not null check (not isempty(span)),
  reason text,
  noted_at timestamptz not null default clock_timestamp());
create index coverage_spans_series on coverage_spans (series_id, state);
create table coverage_sessions (
  id bigint generated always as identity primary key,
  source text collate "C" not null,
  started_at timestamptz not null default clock_timestamp(),
  seen_at timestamptz not null default clock_timestamp(),
  ended boolean not null default false,
  price_every interval, ohlcv_every interval);
create index coverage_sessions_source on coverage_sessions (source, started_at);
`,
  },
  {
    version: 2,
    name: 'types',
    // Traits of a source's series; outages of some of its series; held ranges of sequence numbers.
    sql: `
create table coverage_sources (
  source text collate "C" primary key,
  cadence jsonb not null default '{}',
  contiguous text[] not null default '{}',
  calendar text not null default '24x7');
insert into coverage_sources (source, cadence)
select distinct on (source) source, jsonb_strip_nulls(jsonb_build_object(
  'price', (extract(epoch from price_every) * 1000000)::bigint, 'ohlcv', (extract(epoch from ohlcv_every) * 1000000)::bigint))
from coverage_sessions where source <> '' order by source, started_at desc;
alter table coverage_sessions drop column price_every, drop column ohlcv_every;
create table coverage_outages (
  id bigint generated always as identity primary key,
  session_id bigint not null references coverage_sessions on delete cascade,
  source text collate "C" not null,
  series jsonb not null,
  reason text not null,
  started_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz);
create index coverage_outages_source on coverage_outages (source, id);
create index coverage_outages_session on coverage_outages (session_id);
alter table coverage_spans add column numbers int8range check (not isempty(numbers));
`,
  },
  {
    version: 3,
    name: 'registry',
    // The registry of the store has the names of a series. `seen`: the first transaction that no refresh has read yet.
    sql: `
insert into series (type, coin_id, source, currency, timeframe)
select type, coin_id, source, currency, timeframe from coverage_series on conflict do nothing;
create table coverage_numbered (id bigint primary key references series on delete cascade, usual interval, seen xid8);
insert into coverage_numbered (id, usual) select s.id, k.usual from coverage_series as k join series as s on s.type = k.type
  and s.coin_id = k.coin_id and s.source = k.source and s.currency = k.currency and s.timeframe = k.timeframe and s.name = '' and s.params = '';
alter table coverage_spans drop constraint coverage_spans_series_id_fkey;
update coverage_spans as c set series_id = s.id from coverage_series as k join series as s on s.type = k.type
  and s.coin_id = k.coin_id and s.source = k.source and s.currency = k.currency and s.timeframe = k.timeframe and s.name = '' and s.params = ''
  where c.series_id = k.id;
drop table coverage_series;
alter table coverage_numbered rename to coverage_series;
alter table coverage_spans add constraint coverage_spans_series_id_fkey foreign key (series_id) references coverage_series on delete cascade;
`,
  },
]

/** Creates the tables of coverage, in a database that the store has set up. @throws QiError */
export async function migrateCoverage(pool: Pool): Promise<void> {
  await migrate(pool, { component: 'coverage', files: coverageMigrations })
}
