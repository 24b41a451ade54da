import type { ClientBase } from 'pg'
import type { Layout } from '../connections/capabilities.ts'
import { HYPERTABLES } from '../hypertables/hypertables.ts'
import { aggregateNames } from '../rollups/aggregates.ts'
import { rowsTableOf } from '../tables/tables.ts'
import { type StoreJob, storeJobs } from '../timescale/jobs.ts'

/** A problem of a store, and its remedy. */
export interface StoreTrouble {
  readonly what: string
  readonly remedy: string
}

const intervalOf = (table: string): string | undefined =>
  Object.entries(HYPERTABLES).find(([name]) => rowsTableOf(name) === table)?.[1]

/** The fewest workers: the scheduler of this database, and one job. */
const LEAST_WORKERS = 2

const SETTINGS = `select to_regclass('timescaledb_information.jobs') is not null as there,
  (select value from qicore_settings where name = 'layout') as layout,
  (select value from qicore_settings where name = 'rollups') as rollups`

interface Settings {
  readonly there: boolean
  readonly layout: Layout | null
  readonly rollups: string | null
}

/** The problems of a store of hypertables: missing hypertables, continuous aggregates or workers, and failing jobs. */
export async function timescaleTroubles(client: Pick<ClientBase, 'query'>): Promise<readonly StoreTrouble[]> {
  const { rows } = await client.query<Settings>(SETTINGS)
  const { there, layout, rollups } = rows[0] as Settings
  if (!there || layout !== 'hypertables') return []
  return [
    ...(await missing(client, 'hypertable', Object.keys(HYPERTABLES).map(rowsTableOf))).map((table) => ({
      what: `the table ${table} is no longer a hypertable`,
      remedy: `restore the database between timescaledb_pre_restore() and timescaledb_post_restore(), or: select create_hypertable('${table}', 'time', chunk_time_interval => interval '${intervalOf(table)}', create_default_indexes => false, migrate_data => true)`,
    })),
    ...(rollups === 'aggregates' ? await missing(client, 'continuous_aggregate', aggregateNames()) : []).map((name) => ({
      what: `the continuous aggregate ${name} is missing`,
      remedy: 'create them again: start the platform once with store.rollups.enabled: false, then with true',
    })),
    ...(await jobTroubles(client)),
  ]
}

const NAME_COLUMN = { hypertable: 'hypertable_name', continuous_aggregate: 'view_name' } as const
const SCHEMA_COLUMN = { hypertable: 'hypertable_schema', continuous_aggregate: 'view_schema' } as const

async function missing(
  client: Pick<ClientBase, 'query'>,
  what: keyof typeof NAME_COLUMN,
  names: readonly string[],
): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select name from unnest($1::text[]) as name where not exists (select from timescaledb_information.${what}s
     where ${SCHEMA_COLUMN[what]} = current_schema() and ${NAME_COLUMN[what]} = name)`,
    [names],
  )
  return rows.map(({ name }) => name)
}

async function jobTroubles(client: Pick<ClientBase, 'query'>): Promise<readonly StoreTrouble[]> {
  const { jobs, workers } = await storeJobs(client)
  if (workers !== undefined && workers < LEAST_WORKERS)
    return [
      {
        what: `the server has too few workers for jobs of TimescaleDB: timescaledb.max_background_workers is ${workers}, and nothing is compressed`,
        remedy: `alter system set timescaledb.max_background_workers = 16 (at least ${LEAST_WORKERS} for each database), and restart the server`,
      },
    ]
  return jobs.flatMap((job) => {
    const what = unwell(job)
    return what === undefined ? [] : [{ what, remedy: remedyOf(job) }]
  })
}

function unwell({ name, id, failed, overdue, failures, lastSuccess }: StoreJob): string | undefined {
  const since = lastSuccess === undefined ? 'it never succeeded' : `it last succeeded at ${new Date(lastSuccess).toISOString()}`
  if (failed) return `job ${id} of TimescaleDB (${name}) failed in its last run, ${failures} times in all; ${since}`
  return overdue ? `job ${id} of TimescaleDB (${name}) has not started for more than an hour after its time; ${since}` : undefined
}

const remedyOf = ({ id, failed }: StoreJob): string =>
  failed
    ? `see why: select err_message from timescaledb_information.job_errors where job_id = ${id} order by finish_time desc limit 1; fix the cause, then: call run_job(${id})`
    : 'see whether the server has workers left: timescaledb.max_background_workers and max_worker_processes; its log says "out of background workers"'
