import type { MigrationFile, Migrations } from '../../base/database/index.ts'

/**
 * The tables of the log. A row of `chunks` holds many messages of one partition, in the layout of a Kafka record batch. An append
 * raises `partitions.next_offset` and keeps that row locked until its commit.
 */
const tables = `
create schema if not exists qicore_stream;

create table qicore_stream.topics (
  id integer generated always as identity primary key,
  name text not null unique,
  created_at timestamptz not null default now());

create table qicore_stream.partitions (
  id integer generated always as identity primary key,
  topic_id integer not null references qicore_stream.topics on delete cascade,
  partition integer not null,
  first_offset bigint not null default 0,
  next_offset bigint not null default 0,
  unique (topic_id, partition)
) with (fillfactor = 20);

create table qicore_stream.chunks (
  partition_id integer not null,
  base_offset bigint not null,
  count integer not null,
  appended_at bigint not null,
  bytes bytea not null,
  primary key (partition_id, base_offset));
alter table qicore_stream.chunks alter column bytes set storage external;
comment on column qicore_stream.chunks.appended_at is 'milliseconds since 1970, by the clock of the server';

create table qicore_stream.groups (
  id integer generated always as identity (maxvalue 16777215) primary key,
  name text not null unique,
  created_at timestamptz not null default now());

create table qicore_stream.members (
  member_id integer primary key,
  group_id integer not null references qicore_stream.groups on delete cascade,
  topics text[] not null);
create sequence qicore_stream.member_ids as integer cycle;

create table qicore_stream.group_offsets (
  group_id integer not null references qicore_stream.groups on delete cascade,
  partition_id integer not null references qicore_stream.partitions on delete cascade,
  next_offset bigint,
  owner integer,
  updated_at timestamptz not null default now(),
  primary key (group_id, partition_id)
) with (fillfactor = 50);
create index on qicore_stream.group_offsets (partition_id);
comment on column qicore_stream.group_offsets.next_offset is 'null until the group has committed';
comment on column qicore_stream.group_offsets.owner is 'the member that held the partition last; only it may commit';
`

const packed = `
alter table qicore_stream.chunks add column unpacked integer;
comment on column qicore_stream.chunks.unpacked is 'how many bytes they are when unpacked by zstd; null where they are not packed';
`

const checksums = `
alter table qicore_stream.chunks add column checksum integer;
comment on column qicore_stream.chunks.checksum is
  'CRC-32 of bytes, signed; null for a chunk of before, which is read unchecked. In PostgreSQL 18: crc32(bytes) = checksum & 4294967295';
`

const files: readonly MigrationFile[] = [
  { version: 1, name: 'tables of the embedded log', sql: tables },
  { version: 2, name: 'packed chunks', sql: packed },
  { version: 3, name: 'checksums of chunks', sql: checksums },
]

export const streamMigrations: Migrations = { component: 'stream', files }
