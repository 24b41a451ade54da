import type { MigrationFile, Migrations } from '../../../base/database/index.ts'

/**
 * The tables of pipelines. `pipelines` holds the running version of each; every process of a cluster reads it. `pipeline_history` outlives
 * a deleted pipeline, so version numbers are never used twice. A topic keeps the record type that it was first declared with.
 */
const files: readonly MigrationFile[] = [
  {
    version: 1,
    name: 'pipelines',
    sql: `
create table pipelines (
  name text collate "C" primary key,
  version integer not null,
  state text collate "C" not null check (state in ('running', 'stopped')));
create table pipeline_versions (
  name text collate "C" not null references pipelines on delete cascade,
  version integer not null,
  text text not null,
  sha256 text not null,
  deployed_at timestamptz not null default clock_timestamp(),
  deployed_by text not null,
  primary key (name, version));
create table pipeline_drafts (
  name text collate "C" primary key,
  revision integer not null,
  text text not null,
  saved_at timestamptz not null default clock_timestamp(),
  saved_by text not null);
create table pipeline_history (
  id bigint generated always as identity primary key,
  name text collate "C" not null,
  at timestamptz not null default clock_timestamp(),
  event text collate "C" not null check (event in ('deployed', 'rolled_back', 'stopped', 'resumed', 'deleted')),
  version integer,
  output text,
  by text not null);
create index pipeline_history_name on pipeline_history (name, id);
create table pipeline_topics (
  topic text collate "C" primary key,
  record text not null,
  pipeline text not null);
`,
  },
  {
    version: 2,
    name: 'processes',
    sql: `
create table pipeline_processes (
  id uuid primary key,
  host text not null,
  pid integer not null,
  destinations jsonb not null,
  seen_at timestamptz not null default clock_timestamp());
comment on column pipeline_processes.destinations is 'names and types; no addresses';
`,
  },
  {
    version: 3,
    name: 'consumer groups',
    sql: `
create table pipeline_groups (
  name text collate "C" primary key,
  pipeline text not null,
  destination text not null,
  max_lag_ms double precision not null default 'Infinity',
  max_lag_bytes double precision not null default 'Infinity',
  claimed_at timestamptz not null default clock_timestamp(),
  deleted boolean not null default false);
comment on table pipeline_groups is 'consumer groups of deliveries: outlives their configuration, so that their lag stays bounded';
comment on column pipeline_groups.claimed_at is 'when a process last said that its configuration has this delivery';
comment on column pipeline_groups.deleted is 'its pipeline was deleted: the group is to be deleted from the stream too';
`,
  },
]

export const pipelineMigrations: Migrations = { component: 'pipelines', files }
