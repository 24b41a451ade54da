import type { PoolClient } from '../database/connections/pool.ts'
import { type Alert, alert, type Micros, parseTime } from '../types/index.ts'
import { type AlertChanges, decide, type Evaluation } from './decide.ts'

const COLUMNS = alert.fields.map(({ name }) => name)
const TIME = (column: string) => `to_char(${column} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`
const SHOWN = alert.fields.map(({ name, kind }) => (kind === 'time' ? `${TIME(name)} as ${name}` : name)).join(', ')

/** Serializes the evaluations of one agent or pipeline, over all processes. */
const TURN = `select pg_advisory_xact_lock(hashtextextended('alert_ledger ' || $1, 0))`
const NOW = `select ${TIME('clock_timestamp()')} as now`
const ACTIVE = `select ${SHOWN} from alert_ledger where raised_by = $1 and cleared_at is null order by id`
const RAISE = `insert into alert_ledger (${COLUMNS.join(', ')}) select ${COLUMNS.join(', ')} from json_populate_recordset(null::alert_ledger, $1)`
const CLEAR = `update alert_ledger as l set cleared_at = c.cleared_at, received_at = c.received_at
  from json_populate_recordset(null::alert_ledger, $1) as c where l.cleared_at is null and l.raised_by = c.raised_by and l.name = c.name
    and l.coin_id = c.coin_id and l.source = c.source and l.currency = c.currency`

/**
 * Raises and clears alerts within the caller's transaction. An alert is raised once until it clears, even if evaluations are repeated,
 * killed or concurrent. Publish the returned changes after the commit.
 */
export async function settleAlerts(client: PoolClient, look: Evaluation): Promise<AlertChanges> {
  await client.query(TURN, [look.raisedBy])
  const active = await activeAlerts(client, look.raisedBy)
  const { rows } = await client.query<{ now: string }>(NOW)
  const settled = decide(look, active, parseTime(rows[0]?.now as string) as Micros)
  const wire = (alerts: readonly Alert[]) => JSON.stringify(alerts.map((one) => alert.toWire(one)))
  if (settled.cleared.length > 0) await client.query(CLEAR, [wire(settled.cleared)])
  if (settled.raised.length > 0) await client.query(RAISE, [wire(settled.raised)])
  return settled
}

/** The active alerts of an agent or pipeline. */
export async function activeAlerts(client: Pick<PoolClient, 'query'>, raisedBy: string): Promise<readonly Alert[]> {
  const { rows } = await client.query(ACTIVE, [raisedBy])
  return rows.map((row) => alert.fromWire(row))
}
