import { type Pool, withClient } from '../../../base/index.ts'

/** A process that has not been seen for so long, in milliseconds, is taken to be dead. */
const DEAD_MS = 60_000

/** A process that runs the pipelines of a store, and the destinations that its configuration has: names and types, no addresses. */
export interface PipelineProcess {
  readonly id: string
  readonly host: string
  readonly pid: number
  readonly destinations: Readonly<Record<string, string>>
}

/** The heartbeat of a running platform, in the store. Rows of processes that are long dead are removed. */
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

/** The processes that run now, those of a store that has no pipelines yet among them: none. */
export async function liveProcesses(pool: Pool): Promise<readonly PipelineProcess[]> {
  return withClient(pool, async (client) => {
    const { rows } = await client.query<PipelineProcess>(
      `select id, host, pid, destinations from pipeline_processes
       where seen_at > clock_timestamp() - interval '${DEAD_MS} ms' order by host, pid`,
    )
    return rows
  })
}
