import type { Capabilities } from '../connections/capabilities.ts'
import type { PoolClient } from '../connections/pool.ts'
import { type RefreshWindow, refreshAggregate } from './aggregates.ts'
import { COARSER } from './levels.ts'

const NAME = 'rollups.refresh'

/**
 * Stores the window in which the next pass must refresh the coarser bars from 1m bars. No mark covers it, since the records of these 1m
 * bars are gone.
 */
export async function refreshLater(client: PoolClient): Promise<void> {
  await client.query(
    `insert into qicore_settings (name, value)
     select $1, json_build_object('from', extract(epoch from date_bin('1 day', first, 'epoch')),
       'to', extract(epoch from date_bin('1 day', kept, 'epoch') + interval '1 day'))::text
     from (select min(time) as first from rollups where timeframe = '1m') as bars,
       (select max(value::timestamptz) as kept from qicore_settings where name like 'kept_since.%') as records
     where first < kept
     on conflict (name) do update set value = excluded.value`,
    [NAME],
  )
}

/** Carries out what {@link refreshLater} stored. */
export async function refreshNoted(client: PoolClient, capabilities: Capabilities): Promise<void> {
  const { rows } = await client.query<{ value: string }>('select value from qicore_settings where name = $1', [NAME])
  if (!rows[0]) return
  for (const level of COARSER)
    await refreshAggregate(client, 'built', level, JSON.parse(rows[0].value) as RefreshWindow, capabilities)
  await client.query('delete from qicore_settings where name = $1', [NAME])
}
