import { type MigrationFile, migrate, type Pool, type PoolClient } from '../../database/index.ts'
import { type Incident, incidentShape } from './incident.ts'

const incidentMigrations: readonly MigrationFile[] = [
  {
    version: 1,
    name: 'incidents',
    sql: `create table incidents (
  part text not null, since timestamptz not null, status text not null, code text not null, why text not null,
  done jsonb not null, evidence jsonb not null, until timestamptz, ending text, primary key (part, since));
create index incidents_by_time on incidents (since desc)`,
  },
]

export interface IncidentFilter {
  readonly part?: string | undefined
  readonly open?: boolean | undefined
  readonly limit?: number
}

const iso = (column: string): string => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

const ready = new WeakSet<Pool>()

/** The incidents of a platform's parts, kept in its store: one row per part and start time, however often it is written. */
export class IncidentLog {
  readonly #pool: Pool

  private constructor(pool: Pool) {
    this.#pool = pool
  }

  /** Creates its table if needed. @throws QiError */
  static async open(pool: Pool): Promise<IncidentLog> {
    if (!ready.has(pool)) await migrate(pool, { component: 'incidents', files: incidentMigrations })
    ready.add(pool)
    return new IncidentLog(pool)
  }

  /** @param client to write within its transaction */
  async write(incidents: readonly Incident[], client?: PoolClient): Promise<void> {
    if (incidents.length === 0) return
    await (client ?? this.#pool).query(
      `insert into incidents
select part, since, status, code, why, done, evidence, until, ending
from jsonb_to_recordset($1) as i (part text, since timestamptz, status text, code text, why text, done jsonb, evidence jsonb,
  until timestamptz, ending text)
on conflict (part, since) do update set status = excluded.status, code = excluded.code, why = excluded.why, done = excluded.done,
  evidence = excluded.evidence, until = excluded.until, ending = excluded.ending`,
      [JSON.stringify(incidents)],
    )
  }

  /** Newest first. */
  async list({ part, open = false, limit = 100 }: IncidentFilter = {}): Promise<readonly Incident[]> {
    const { rows } = await this.#pool.query(
      `select part, ${iso('since')} as since, status, code, why, done, evidence, ${iso('until')} as until, ending
from incidents i where ($1::text is null or part = $1) and (not $2 or until is null) order by i.since desc, part limit $3`,
      [part ?? null, open, limit],
    )
    return incidentShape.array().parse(rows)
  }
}
