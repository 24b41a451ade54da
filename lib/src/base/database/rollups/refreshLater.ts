import type { Capabilities } from '../capabilities.ts'
import type { PoolClient } from '../pool.ts'
import { refreshFamily, type Stretch } from './aggregates.ts'

const NAME = 'rollups.refresh'

/**
 * Bars of one minute outlive the records that they were made of, which no mark leads to: notes how far back coarser bars are to be
 * made of them. The next pass does it.
 */
export async function refreshLater(client: PoolClient): Promise<void> {
  await client.query(
    `insert into qicore_settings (name, value)
     select $1, json_build_object('from', first, 'to', kept)::text
     from (select min(time) as first from rollups where timeframe = '1m') as bars,
       (select max(value::timestamptz) as kept from qicore_settings where name like 'kept_since.%') as records
     where first < kept
     on conflict (name) do update set value = excluded.value`,
    [NAME],
  )
}

/** Makes the coarser bars that a conversion left to be made. */
export async function refreshNoted(client: PoolClient, capabilities: Capabilities): Promise<void> {
  const { rows } = await client.query<{ value: string }>('select value from qicore_settings where name = $1', [NAME])
  if (!rows[0]) return
  await refreshFamily(client, 'built', JSON.parse(rows[0].value) as Stretch, capabilities)
  await client.query('delete from qicore_settings where name = $1', [NAME])
}
