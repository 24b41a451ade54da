import type { Capabilities } from '../capabilities.ts'
import type { PoolClient } from '../pool.ts'
import { refresh, type Span } from './aggregates.ts'
import { COARSER } from './levels.ts'

const NAME = 'rollups.refresh'

/**
 * Bars of one minute outlive the records that they were made of, which no mark leads to: notes how far back coarser bars are to be
 * made of them. The next pass does it.
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

/** Makes the coarser bars that a conversion left to be made. */
export async function refreshNoted(client: PoolClient, capabilities: Capabilities): Promise<void> {
  const { rows } = await client.query<{ value: string }>('select value from qicore_settings where name = $1', [NAME])
  if (!rows[0]) return
  for (const level of COARSER) await refresh(client, 'built', level, JSON.parse(rows[0].value) as Span, capabilities)
  await client.query('delete from qicore_settings where name = $1', [NAME])
}
