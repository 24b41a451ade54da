import type { MigrationFile } from '../migrate.ts'

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
]
