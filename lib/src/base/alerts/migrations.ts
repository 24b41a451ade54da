import { type MigrationFile, migrate } from '../database/bookkeeping/migrate.ts'
import type { Pool } from '../database/connections/pool.ts'

const files: readonly MigrationFile[] = [
  {
    version: 1,
    name: 'ledger',
    sql: `create table alert_ledger (
  id bigint generated always as identity primary key,
  raised_by text not null, name text not null, coin_id text not null, source text not null, currency text not null,
  severity text not null, origin text not null, value text, message text not null,
  time timestamptz not null, received_at timestamptz not null, as_of timestamptz not null, cleared_at timestamptz);
create unique index alert_ledger_active on alert_ledger (raised_by, name, coin_id, source, currency) where cleared_at is null;
do $$ begin
  if to_regclass('market_alerts') is not null then
    insert into alert_ledger (raised_by, name, coin_id, source, currency, severity, origin, value, message, time, received_at, as_of, cleared_at)
      select agent, rule, coin_id, source, currency, 'warning', 'live', value, message, raised_at, noted_at, raised_at, cleared_at from market_alerts;
    drop table market_alerts;
  end if;
end $$`,
  },
  {
    version: 2,
    name: 'messages',
    sql: `create table alert_messages (
  destination text not null, subject text not null, alert jsonb not null, active boolean not null, told boolean not null,
  due_at timestamptz, held boolean not null default false, claim uuid, claimed_until timestamptz,
  primary key (destination, subject));
create index alert_messages_due on alert_messages (destination, due_at) where due_at is not null;
create table alert_messages_sent (destination text not null, at timestamptz not null);
create index alert_messages_sent_at on alert_messages_sent (destination, at)`,
  },
]

/** Creates the tables of alerts unless they exist. */
export const openAlerts = (pool: Pool): Promise<unknown> => migrate(pool, { component: 'alerts', files })
