import { type MigrationFile, migrate, type Pool, type PoolClient } from '../../../../base/index.ts'
import type { Alert, Alerts } from '../report.ts'
import type { Judged } from './judge.ts'

const files: readonly MigrationFile[] = [
  {
    version: 1,
    name: 'alerts of the market',
    sql: `create table market_alerts (
  id bigint generated always as identity primary key,
  agent text not null, rule text not null, coin_id text not null, source text not null, currency text not null,
  raised_at timestamptz not null, cleared_at timestamptz, value text not null, message text not null,
  noted_at timestamptz not null default now(),
  unique (agent, rule, coin_id, source, currency, raised_at));
create unique index market_alerts_active on market_alerts (agent, rule, coin_id, source, currency) where cleared_at is null`,
  },
]

/** Makes the table of alerts where it is not there. */
export const openAlerts = (pool: Pool): Promise<unknown> => migrate(pool, { component: 'market alerts', files })

const TIME = (name: string) => `to_char(${name} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as ${name}`
const COLUMNS = `rule, coin_id as coin, source, currency, ${TIME('raised_at')}, ${TIME('cleared_at')}, value, message`

/** $1 agent; $2 … $8 the columns of each. One that is active already stays, and one moment raises none twice. */
const RAISE = `insert into market_alerts (agent, rule, coin_id, source, currency, raised_at, value, message)
  select $1, * from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::text[], $8::text[])
  on conflict do nothing returning ${COLUMNS}`
/** $2 … $6 what holds no more. Data from before the alert says nothing of its end. */
const CLEAR = `update market_alerts as a set cleared_at = c.time
  from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[]) as c (rule, coin_id, source, currency, time)
  where a.agent = $1 and a.cleared_at is null and a.rule = c.rule and a.coin_id = c.coin_id and a.source = c.source
    and a.currency = c.currency and c.time >= a.raised_at
  returning a.rule, a.coin_id as coin, a.source, a.currency, ${TIME('raised_at')}, ${TIME('cleared_at')}, value, message`
/** $2 the names of the rules that there are. */
const RETIRE = `update market_alerts set cleared_at = greatest(raised_at, now()) where agent = $1 and cleared_at is null
  and rule <> all ($2::text[]) returning ${COLUMNS}`
const ACTIVE = `select ${COLUMNS} from market_alerts where agent = $1 and cleared_at is null order by raised_at, rule, coin_id, source, currency`

/** Raises what holds and is not active, clears what holds no more or whose rule is gone. Within the transaction of the caller. */
export async function settleAlerts(
  client: PoolClient,
  agent: string,
  rules: readonly string[],
  judged: readonly Judged[],
): Promise<Alerts> {
  const columns = (all: readonly Judged[]) =>
    (['rule', 'coin', 'source', 'currency', 'time'] as const).map((name) => all.map((one) => one[name]))
  const [holding, over] = [judged.filter(({ holds }) => holds), judged.filter(({ holds }) => !holds)]
  const raised = await alertsOf(client, RAISE, [
    agent,
    ...columns(holding),
    holding.map(({ value }) => value),
    holding.map(({ message }) => message),
  ])
  const cleared = await alertsOf(client, CLEAR, [agent, ...columns(over)])
  const retired = await alertsOf(client, RETIRE, [agent, rules])
  return { raised, cleared: [...cleared, ...retired], active: await alertsOf(client, ACTIVE, [agent]) }
}

async function alertsOf(client: PoolClient, text: string, values: readonly unknown[]): Promise<Alert[]> {
  const { rows } = await client.query<Alert & { cleared_at: string | null }>(text, [...values])
  return rows.map(({ cleared_at, ...rest }) => ({ ...rest, ...(cleared_at !== null && { cleared_at }) }))
}
