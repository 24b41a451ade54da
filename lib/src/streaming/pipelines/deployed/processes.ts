import { type Pool, withClient } from '../../../base/database/index.ts'

/** A process without a heartbeat for this long counts as dead. */
const DEAD_MS = 60_000

/** A process that runs the pipelines of a store. `destinations` are the types of its configured destinations by name, without addresses. */
export interface PipelineProcess {
  readonly id: string
  readonly host: string
  readonly pid: number
  readonly destinations: Readonly<Record<string, string>>
}

/** Writes the heartbeat of a running platform. Rows without one for a day are removed. */
export async function beat(pool: Pool, { id, host, pid, destinations }: PipelineProcess): Promise<void> {
  await withClient(pool, async (client) => {
    await client.query(
      `insert into pipeline_processes (id, host, pid, destinations) values ($1, $2, $3, $4)
       on conflict (id) do update set seen_at = clock_timestamp(), destinations = excluded.destinations`,
      [id, host, pid, JSON.stringify(destinations)],
    )
    await client.query("delete from pipeline_processes where seen_at < clock_timestamp() - interval '1 day'")
  })
}

/** Ends the heartbeat of a process. */
export async function endBeat(pool: Pool, id: string): Promise<void> {
  await withClient(pool, (client) => client.query('delete from pipeline_processes where id = $1', [id]))
}

/** The processes that have sent a heartbeat within a minute. */
export async function liveProcesses(pool: Pool): Promise<readonly PipelineProcess[]> {
  return withClient(pool, async (client) => {
    const { rows } = await client.query<PipelineProcess>(
      `select id, host, pid, destinations from pipeline_processes
       where seen_at > clock_timestamp() - interval '${DEAD_MS} ms' order by host, pid`,
    )
    return rows
  })
}
