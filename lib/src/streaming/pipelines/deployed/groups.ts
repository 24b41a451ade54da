import { type Pool, type PoolClient, withClient } from '../../../base/database/index.ts'
import type { DeliveryKey, DeliverySettings } from '../delivery.ts'

/** The consumer group of a delivery, with the bound of its lag; Infinity: unbounded. */
export interface DeliveryGroup extends DeliveryKey, Pick<DeliverySettings, 'maxLagMs' | 'maxLagBytes'> {
  readonly name: string
}

export type PipelineGroup = Pick<DeliveryGroup, 'name' | 'destination'>

/** A row of the store about a group. It outlives the configuration of the delivery. */
export interface KnownGroup extends DeliveryGroup {
  /** Time since a process last claimed the group, in milliseconds. */
  readonly unclaimedMs: number
  /** Its pipeline was deleted: the group is to be deleted from the stream too. */
  readonly deleted: boolean
}

/** Claims the groups of the deliveries in this process's configuration. Groups without a claim for a year are forgotten. */
export async function claimGroups(pool: Pool, groups: readonly DeliveryGroup[]): Promise<void> {
  await withClient(pool, async (client) => {
    await client.query(
      `insert into pipeline_groups (name, pipeline, destination, max_lag_ms, max_lag_bytes)
       select * from unnest($1::text[], $2::text[], $3::text[], $4::float8[], $5::float8[]) as g (name) order by name
       on conflict (name) do update set pipeline = excluded.pipeline, destination = excluded.destination,
         max_lag_ms = excluded.max_lag_ms, max_lag_bytes = excluded.max_lag_bytes, claimed_at = clock_timestamp()`,
      [
        groups.map(({ name }) => name),
        groups.map(({ pipeline }) => pipeline),
        groups.map(({ destination }) => destination),
        groups.map(({ maxLagMs }) => maxLagMs),
        groups.map(({ maxLagBytes }) => maxLagBytes),
      ],
    )
    await client.query("delete from pipeline_groups where claimed_at < clock_timestamp() - interval '1 year'")
  })
}

export async function knownGroups(pool: Pool): Promise<readonly KnownGroup[]> {
  return withClient(pool, async (client) => {
    const { rows } = await client.query<KnownGroup>(
      `select name, pipeline, destination, max_lag_ms as "maxLagMs", max_lag_bytes as "maxLagBytes", deleted,
         (extract(epoch from clock_timestamp() - claimed_at) * 1000)::float8 as "unclaimedMs"
       from pipeline_groups order by name`,
    )
    return rows
  })
}

/** Marks the groups of a pipeline as deleted; a running platform deletes them once they have no members. */
export async function markDeleted(client: PoolClient, pipeline: string, groups: readonly PipelineGroup[]): Promise<void> {
  await client.query(
    `insert into pipeline_groups (name, pipeline, destination, deleted)
     select name, pipeline, destination, true from unnest($1::text[], $2::text[], $3::text[]) as g (name, pipeline, destination)
     on conflict (name) do nothing`,
    [groups.map(({ name }) => name), groups.map(() => pipeline), groups.map(({ destination }) => destination)],
  )
  await client.query('update pipeline_groups set deleted = true where pipeline = $1', [pipeline])
}

/** Removes the row of a group that is gone from the stream. */
export const forgetGroup = (pool: Pool, name: string): Promise<unknown> =>
  withClient(pool, (client) => client.query('delete from pipeline_groups where name = $1', [name]))

/** Takes back the mark: a pipeline of the same name was deployed while the group still had members, and continues from its offsets. */
export const keepGroup = (pool: Pool, name: string): Promise<unknown> =>
  withClient(pool, (client) => client.query('update pipeline_groups set deleted = false where name = $1', [name]))
