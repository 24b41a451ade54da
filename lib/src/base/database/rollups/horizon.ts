import type { PoolClient } from '../connections/pool.ts'
import { rowsTableOf } from '../tables/tables.ts'
import { lowestOf, orderOf, RAW, ROLLED } from './levels.ts'
import { rollupLock } from './lock.ts'

const rolledOf = (table: string) => ROLLED.find((rolled) => RAW[rolled].table === rowsTableOf(table))

/**
 * The time before which records of a table may be dropped: `before`, or earlier while older records are not rolled up yet. It is stored
 * as `kept_since.<kind>`: bars before it are not rebuilt, since some of their records may be gone. Takes the rollup lock, so no pass runs
 * meanwhile.
 */
export async function mayDropBefore(client: PoolClient, table: string, before: string): Promise<string> {
  const rolled = rolledOf(table)
  if (!rolled) return before
  await client.query('begin')
  try {
    await client.query('select pg_advisory_xact_lock($1, $2)', [...(await rollupLock(client))])
    const { rows } = await client.query<{ until: string }>(
      `with u as (select least($2::timestamptz, min(since)) as until from rollup_marks where built_from = $1 and level = $3)
       insert into qicore_settings as s (name, value) select 'kept_since.' || $1, until::text from u
       on conflict (name) do update set value = greatest(s.value::timestamptz, excluded.value::timestamptz)::text
       returning (select until::text from u) as until`,
      [rolled, before, orderOf(lowestOf(rolled))],
    )
    await client.query('commit')
    return rows[0]?.until ?? before
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  }
}

/** Retention was lengthened to `days` (undefined: keep everything): records that are fetched again are rolled up again. */
export async function resetKeptSince(client: PoolClient, table: string, days: number | undefined): Promise<void> {
  const rolled = rolledOf(table)
  if (!rolled) return
  await client.query(
    `delete from qicore_settings where name = 'kept_since.' || $1
     and ($2::float8 is null or value::timestamptz > now() - $2::float8 * interval '1 day' + interval '1 hour')`,
    [rolled, days ?? null],
  )
}
