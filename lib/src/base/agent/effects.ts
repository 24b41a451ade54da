import { type MigrationFile, type Pool, type PoolClient, withClient } from '../database/index.ts'

/** The table of effects: each is recorded in the transaction that made it. */
export const agentMigrations: readonly MigrationFile[] = [
  {
    version: 1,
    name: 'effects of workflows',
    sql: `create table workflow_effects (
  run text not null, effect text not null, result jsonb not null, done_at timestamptz not null default now(), primary key (run, effect))`,
  },
]

/**
 * Runs `work` and records its result, or returns the recorded result. Of two concurrent calls one waits and gets the other's result.
 * @param effect its key within the run
 */
export async function exactlyOnce<T>(
  pool: Pool,
  run: string,
  effect: string,
  work: (client: PoolClient) => Promise<T>,
): Promise<T> {
  return withClient(pool, async (client) => {
    await client.query('begin')
    try {
      const { rowCount } = await client.query(
        `insert into workflow_effects (run, effect, result) values ($1, $2, 'null') on conflict do nothing`,
        [run, effect],
      )
      if (rowCount === 0) {
        const { rows } = await client.query<{ result: T }>('select result from workflow_effects where run = $1 and effect = $2', [
          run,
          effect,
        ])
        await client.query('commit')
        return (rows[0] as { result: T }).result
      }
      const result = await work(client)
      await client.query('update workflow_effects set result = $3 where run = $1 and effect = $2', [
        run,
        effect,
        JSON.stringify(result ?? null),
      ])
      await client.query('commit')
      return result
    } catch (error) {
      await client.query('rollback').catch(() => {})
      throw error
    }
  })
}
