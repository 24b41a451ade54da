import type { PoolClient } from '../connections/pool.ts'
import { aggregateName, aggregateNames, FAMILIES } from '../rollups/aggregates.ts'
import { FIGURE_COLUMNS } from '../rollups/figures.ts'
import { COARSER, LEVELS, rollupView } from '../rollups/levels.ts'

const FIGURES = FIGURE_COLUMNS.join(', ')
const NAMES = 'coin_id, source, currency'

/** Saves bars of stored candles whose records are gone into a temporary table: they exist only in the rollups, and cannot be rebuilt. */
export async function saveOrphanCandles(client: PoolClient): Promise<void> {
  const bars = COARSER.map(
    (level) =>
      `select ${NAMES}, '${level}' as timeframe, time, ${FIGURES} from ${rollupView(level)} where built_from = 'candles'`,
  )
  await client.query(`create temp table candles_left on commit drop as
    with firsts as (select ${NAMES}, date_bin('1 day', min(time), 'epoch') as first from ohlcv_data where timeframe = '1m' group by ${NAMES})
    select b.* from (${bars.join(' union all ')}) as b left join firsts as f using (${NAMES})
    where f.first is null or b.time < greatest(f.first, (select value::timestamptz from qicore_settings where name = 'kept_since.candles'))`)
}

/**
 * Drops the continuous aggregates of any version, so that the tables below can be replaced. `cascade` also drops objects that others built on
 * these views.
 */
export async function dropAllAggregates(client: PoolClient): Promise<void> {
  for (const level of LEVELS) await client.query(`drop view if exists ${rollupView(level)} cascade`)
  for (const name of aggregateNames().toReversed()) await client.query(`drop materialized view if exists ${name} cascade`)
}

/** Inserts the saved bars into the new continuous aggregates: a refresh builds bars only from records, and only for marked times. */
export async function restoreOrphanCandles(client: PoolClient): Promise<void> {
  await client.query(`insert into series (type, ${NAMES}, timeframe)
    select distinct 'ohlcv', ${NAMES}, '1m' from candles_left on conflict do nothing`)
  for (const level of COARSER) {
    const { rows } = await client.query<{ table: string }>(
      `select format('%I.%I', materialization_hypertable_schema, materialization_hypertable_name) as table
       from timescaledb_information.continuous_aggregates where view_schema = current_schema() and view_name = $1`,
      [aggregateName(FAMILIES[0], level)],
    )
    await client.query(`insert into ${rows[0]?.table} (series, time, ${FIGURES})
      select s.id, c.time, ${FIGURE_COLUMNS.map((column) => `c.${column}`).join(', ')} from candles_left as c join series as s
        on s.type = 'ohlcv' and s.timeframe = '1m' and s.coin_id = c.coin_id and s.source = c.source and s.currency = c.currency
          and s.name = '' and s.params = '' where c.timeframe = '${level}'`)
  }
  await client.query('drop table candles_left')
}
