import type { Capabilities } from '../connections/capabilities.ts'
import type { PoolClient } from '../connections/pool.ts'
import { FIGURE_COLUMNS } from './figures.ts'
import { COARSER, finerLevel, type Level, lengthOf, type Rolled } from './levels.ts'
import { createRollupView } from './views.ts'

/** The continuous aggregates of stored bars (`candles_1h`), and those of bars built from trades and prices (`built_1h`). */
export const FAMILIES = ['candles', 'built'] as const
export type Family = (typeof FAMILIES)[number]

export const familyOf = (rolled: Rolled): Family => (rolled === 'candles' ? 'candles' : 'built')
export const aggregateName = (family: Family, level: Level): string => `${family}_${level}`

/** Names of all continuous aggregates. */
export const aggregateNames = (): string[] => FAMILIES.flatMap((family) => COARSER.map((level) => aggregateName(family, level)))

/** Source of the first level of each family, with the same columns as a level. */
const SOURCES = {
  candles: {
    table: "ohlcv_data_rows where timeframe = '1m' and flaw is null",
    final: "bool_and(is_final and received_at >= time + interval '1 minute')",
    rows: `count(*) as pieces, bool_or(origin = 'simulated') as simulated`,
    edges: 'min(time) as first_at, max(time) as last_at',
  },
  built: {
    table: "rollups where timeframe = '1m'",
    final: 'bool_and(is_final)',
    rows: 'sum(pieces)::bigint as pieces, bool_or(simulated) as simulated',
    edges: 'min(first_at) as first_at, max(last_at) as last_at',
  },
} as const

/**
 * SQL of one continuous aggregate. Each level is built from the one below, so refreshing a day reads six bars a series instead of 1,440.
 * Bars of a series have distinct times, so `first` and `last` are unambiguous.
 */
function view(family: Family, level: Level): string {
  const lowest = level === COARSER[0]
  // From the second level on both families are made alike.
  const { table } = SOURCES[family]
  const { final, rows, edges } = SOURCES[lowest ? family : 'built']
  const bucket = `time_bucket(${lengthOf(level)}, time)`
  return `create materialized view if not exists ${aggregateName(family, level)}
    with (timescaledb.continuous, timescaledb.materialized_only = true, timescaledb.create_group_indexes = false) as
    select series, ${bucket} as time,
      first(open, time) as open, max(high) as high, min(low) as low, last(close, time) as close,
      case when count(*) = count(volume) then sum(volume) end as volume,
      case when count(*) = count(trade_count) then sum(trade_count)::bigint end as trade_count,
      ${final} as is_final, ${rows},
      max(received_at) as received_at, last(origin, time) as origin, ${edges}
    from ${lowest ? table : aggregateName(family, finerLevel(level))}
    group by series, ${bucket} with no data`
}

const COLUMNS = ['series', 'time', ...FIGURE_COLUMNS].join(', ')

const union = (level: Level): string =>
  createRollupView(
    level,
    `(${FAMILIES.map((family) => `select ${COLUMNS} from ${aggregateName(family, level)}`).join(' union all ')}) as all_bars`,
  )

/** Creates the continuous aggregates, and points the views at them. */
export async function createAggregates(client: PoolClient): Promise<void> {
  for (const family of FAMILIES) {
    for (const level of COARSER) {
      await client.query(view(family, level))
      await indexSeries(client, family, level)
    }
  }
  for (const level of COARSER) await client.query(union(level))
}

/** Drops the continuous aggregates; the views then read the table `rollups`. */
export async function dropAggregates(client: PoolClient): Promise<void> {
  for (const level of COARSER) await client.query(createRollupView(level))
  for (const level of COARSER.toReversed())
    for (const family of FAMILIES) await client.query(`drop materialized view if exists ${aggregateName(family, level)}`)
}

/** Index by series and time. TimescaleDB's default indexes have one column each, which is no use for a range of one series. */
async function indexSeries(client: PoolClient, family: Family, level: Level): Promise<void> {
  const name = aggregateName(family, level)
  await client.query(`create index if not exists ${name}_series on ${name} (series, time)`)
}

/** Time range in whole bars of a level; seconds since 1970, the end is exclusive. */
export interface RefreshWindow {
  readonly from: number
  readonly to: number
}

/** One transaction for the whole window. The default of ten buckets each would make thousands of transactions for a month. */
const AT_ONCE = `, options => '{"buckets_per_batch": 0}'`

/**
 * Refreshes one continuous aggregate. TimescaleDB recomputes only buckets it knows were written; rows that came by COPY may be unknown to
 * it ({@link Capabilities.forcedRefresh}), so the lowest level of stored bars is then forced.
 */
export async function refreshAggregate(
  client: PoolClient,
  family: Family,
  level: Level,
  { from, to }: RefreshWindow,
  { batchedRefresh, forcedRefresh }: Pick<Capabilities, 'batchedRefresh' | 'forcedRefresh'>,
): Promise<void> {
  const force = forcedRefresh && family === 'candles' && level === COARSER[0]
  await client.query(
    `call refresh_continuous_aggregate('${aggregateName(family, level)}', to_timestamp($1), to_timestamp($2)${force ? ', force => true' : ''}${batchedRefresh ? AT_ONCE : ''})`,
    [from, to],
  )
}
