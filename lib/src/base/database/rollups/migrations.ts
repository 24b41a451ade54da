import { TIMEFRAMES, timeframeMicros } from '../../types/index.ts'
import { migrate } from '../bookkeeping/migrate.ts'
import type { Layout } from '../connections/capabilities.ts'
import type { Pool } from '../connections/pool.ts'
import { makeHypertable } from '../hypertables/hypertables.ts'
import { FIGURE_COLUMNS } from './figures.ts'
import { LEVELS, type Level, rollupView } from './levels.ts'

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

${LEVELS.map(
  (level) => `create view ${rollupView(level)} as
  select coin_id, source, currency, built_from, time, open, high, low, close, volume, trade_count, is_final, pieces, received_at, simulated, origin from rollups where timeframe = '${level}';`,
).join('\n')}
`

/** The length of a bar in SQL, from its timeframe. */
const LENGTHS = TIMEFRAMES.map((timeframe) => `when '${timeframe}' then interval '${timeframeMicros(timeframe) / 1e6} seconds'`)

/** The view before series had numbers. */
const createView = (level: Level): string => `create or replace view ${rollupView(level)} as
  select coin_id, source, currency, built_from, time, ${FIGURE_COLUMNS.join(', ')} from rollups where timeframe = '${level}'`

/** Contradictory bars are kept with the reason in `flaw`; nothing is built from them. */
const flaws = `
alter table ohlcv_data add column flaw text generated always as (case
  when time <> date_bin(case timeframe ${LENGTHS.join(' ')} end, time,
    case timeframe when '1w' then timestamptz '1970-01-05 00:00:00+00' else timestamptz '1970-01-01 00:00:00+00' end)
    then 'opens off the grid of its timeframe'
  when high < low then 'high below low'
  when greatest(open, close) > high or least(open, close) < low then 'open or close outside low and high'
  when volume < 0 then 'negative volume'
  end) stored;

-- When the first and the last row of a bar happened. Of bars that are there already it is not known how long they were silent.
alter table rollups add column first_at timestamptz, add column last_at timestamptz;
update rollups set first_at = time, last_at = time + case timeframe ${LENGTHS.join(' ')} end - interval '1 microsecond';
alter table rollups alter column first_at set not null, alter column last_at set not null;
${LEVELS.map((level) => `${createView(level)};`).join('\n')}
`

export const rollupMigrations = [
  { version: 1, name: 'rollups', sql: tables },
  { version: 2, name: 'flaws', sql: flaws },
] as const

/** Creates the tables of the rollups without series numbers; the component `series` adds these. Call it after the store's own tables exist. */
export async function migrateRollups(pool: Pool, layout: Layout | undefined): Promise<void> {
  await migrate(pool, {
    component: 'rollups',
    files: rollupMigrations,
    after: async (client, applied) => {
      if (applied.some(({ version }) => version === 1) && layout === 'hypertables') await makeHypertable(client, 'rollups')
    },
  })
}
