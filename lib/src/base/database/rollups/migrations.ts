import type { Capabilities, Layout } from '../capabilities.ts'
import { migrate } from '../migrate.ts'
import type { Pool } from '../pool.ts'
import { LEVELS } from './levels.ts'
import { createView } from './views.ts'

const tables = `
create table rollups (
  coin_id text collate "C" not null,
  source text collate "C" not null,
  currency text collate "C" not null,
  built_from text collate "C" not null,
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
  primary key (coin_id, source, currency, built_from, timeframe, time)
);

-- What was written and is not rolled up yet: at most a day of one series a row. Only ever appended to and deleted from, so
-- that writers never wait for one another.
create table rollup_marks (
  id bigint generated always as identity primary key,
  built_from text collate "C" not null,
  coin_id text collate "C" not null,
  source text collate "C" not null,
  currency text collate "C" not null,
  since timestamptz not null,
  until timestamptz not null,
  noted_at timestamptz not null default now()
);
create index rollup_marks_series on rollup_marks (coin_id, source, currency);

-- In the transaction that wrote the rows: whoever sees the mark sees the rows.
create function rollup_mark() returns trigger language plpgsql as $$ begin
  insert into rollup_marks (built_from, coin_id, source, currency, since, until)
  select tg_argv[0], coin_id, source, currency, min(time), max(time) from written
  group by coin_id, source, currency, date_bin('1 day', time, 'epoch');
  return null;
end $$;

create function rollup_mark_candles() returns trigger language plpgsql as $$ begin
  insert into rollup_marks (built_from, coin_id, source, currency, since, until)
  select 'candles', coin_id, source, currency, min(time), max(time) from written where timeframe = '1m'
  group by coin_id, source, currency, date_bin('1 day', time, 'epoch');
  return null;
end $$;

${LEVELS.map((level) => `${createView(level, 'create view')};`).join('\n')}
`

export const rollupMigrations = [{ version: 1, name: 'rollups', sql: tables }] as const

/** The tables of the rollups; nothing is rolled up before it is turned on. Call it after the store's own tables are there. */
export async function migrateRollups(pool: Pool, capabilities: Capabilities, layout: Layout | undefined): Promise<void> {
  await migrate(pool, {
    component: 'rollups',
    files: rollupMigrations,
    after: async (client, applied) => {
      if (!applied.some(({ version }) => version === 1) || layout !== 'hypertables' || !capabilities.hypertables) return
      await client.query(
        "select create_hypertable('rollups', 'time', chunk_time_interval => interval '30 days', create_default_indexes => false)",
      )
    },
  })
}
