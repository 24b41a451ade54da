import { HISTORY_TYPES } from '../../types/index.ts'
import { type MigrationFile, migrate } from '../migrate.ts'
import type { Pool } from '../pool.ts'

/**
 * One row a series, and one a span of it: `held` (its records are stored), `empty` (the provider was asked and has nothing) or
 * `requested` (asked for, and not yet all stored). The tables of records are the truth; what is held is remembered so that they
 * need not be read again. A session is a time during which a source, or under no name the platform, ran.
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
]

/** Makes the tables of coverage, whose series may be of every type that is declared. @throws QiError */
export async function migrateCoverage(pool: Pool): Promise<void> {
  await migrate(pool, {
    component: 'coverage',
    files: coverageMigrations,
    after: async (client) => {
      const { rows } = await client.query<{ types: string }>(
        "select pg_get_constraintdef(oid) as types from pg_constraint where conname = 'coverage_series_type_check'",
      )
      const allowed = rows[0]?.types ?? ''
      if (HISTORY_TYPES.every((type) => allowed.includes(`'${type}'`))) return
      await client.query(`alter table coverage_series drop constraint if exists coverage_series_type_check,
        add constraint coverage_series_type_check check (type in (${HISTORY_TYPES.map((type) => `'${type}'`).join(', ')}))`)
    },
  })
}
