import type { ClientBase } from 'pg'

/** A job of TimescaleDB on a table of the store, such as a compression policy. */
export interface StoreJob {
  /** Procedure and table, such as `policy_compression trades`. */
  readonly name: string
  readonly id: number
  /** Time of the last success, in milliseconds since 1970; undefined: never. */
  readonly lastSuccess: number | undefined
  /** True if its last run failed. */
  readonly failed: boolean
  /** True if it should have started long ago. */
  readonly overdue: boolean
  readonly failures: number
}

export interface StoreJobs {
  readonly jobs: readonly StoreJob[]
  /** Background workers of the server for the jobs of all its databases; undefined if the role may not read the setting. */
  readonly workers: number | undefined
}

/** Delay from which on a job is overdue; a queued job starts within minutes. */
const LATE = "interval '1 hour'"

const JOBS = `select j.proc_name || ' ' || j.hypertable_name as name, j.job_id as id,
    extract(epoch from nullif(s.last_successful_finish, '-infinity')) * 1000 as last_success,
    s.last_run_status is not distinct from 'Failed' as failed, coalesce(s.total_failures, 0)::int as failures,
    j.scheduled and j.next_start > '-infinity' and j.next_start < clock_timestamp() - ${LATE} as overdue
  from timescaledb_information.jobs as j left join timescaledb_information.job_stats as s using (job_id)
  where j.hypertable_schema = current_schema() order by 1, 2`

interface Row {
  readonly name: string
  readonly id: number
  readonly last_success: string | null
  readonly failed: boolean
  readonly failures: number
  readonly overdue: boolean | null
}

/** Jobs on tables of the current schema. Requires the extension. */
export async function storeJobs(client: Pick<ClientBase, 'query'>): Promise<StoreJobs> {
  const { rows } = await client.query<Row>(JOBS)
  // Unlike current_setting(), the view omits settings that the role may not read, instead of failing.
  const { rows: settings } = await client.query<{ setting: string }>(
    "select setting from pg_settings where name = 'timescaledb.max_background_workers'",
  )
  return {
    jobs: rows.map(({ name, id, last_success, failed, failures, overdue }) => ({
      ...{ name, id, failed, failures, overdue: overdue === true },
      lastSuccess: last_success === null ? undefined : Number(last_success),
    })),
    workers: settings[0] && Number(settings[0].setting),
  }
}
