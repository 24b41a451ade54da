import type { Capabilities } from '../capabilities.ts'
import type { PoolClient } from '../pool.ts'
import { FIGURE_COLUMNS } from './figures.ts'
import { COARSER, finerLevel, type Level, lengthOf, type Rolled } from './levels.ts'
import { createView } from './views.ts'

/** The continuous aggregates of stored bars (`candles_1h`), and those of bars built from trades and prices (`built_1h`). */
export const FAMILIES = ['candles', 'built'] as const
export type Family = (typeof FAMILIES)[number]

export const familyOf = (rolled: Rolled): Family => (rolled === 'candles' ? 'candles' : 'built')
export const aggregateName = (family: Family, level: Level): string => `${family}_${level}`

/** All of them, while they keep the rollups. */
export const aggregateNames = (): string[] => FAMILIES.flatMap((family) => COARSER.map((level) => aggregateName(family, level)))

/** The source of the first level of each family: it has the same columns as the levels. */
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
 * A level is made of the one below, so that bringing a day up to date reads six bars a series and not 1,440. Two bars of one
 * series never have the same time: first and last are certain.
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
  createView(
    level,
    `(${FAMILIES.map((family) => `select ${COLUMNS} from ${aggregateName(family, level)}`).join(' union all ')}) as all_bars`,
  )

/** Makes the continuous aggregates, and lets the views read them. */
export async function createAggregates(client: PoolClient): Promise<void> {
  for (const family of FAMILIES) {
    for (const level of COARSER) {
      await client.query(view(family, level))
      await indexSeries(client, family, level)
    }
  }
  for (const level of COARSER) await client.query(union(level))
}

/** Drops them; what is left to read are the tables. */
export async function dropAggregates(client: PoolClient): Promise<void> {
  for (const level of COARSER) await client.query(createView(level))
  for (const level of COARSER.toReversed())
    for (const family of FAMILIES) await client.query(`drop materialized view if exists ${aggregateName(family, level)}`)
}

/** One index leads to a series and a stretch of time; the default ones, one a column, do not. */
async function indexSeries(client: PoolClient, family: Family, level: Level): Promise<void> {
  const name = aggregateName(family, level)
  await client.query(`create index if not exists ${name}_series on ${name} (series, time)`)
}

/** A stretch of time in whole bars of a level, in seconds since 1970; the end does not belong to it. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** Ten buckets a transaction would make thousands of a month. */
const AT_ONCE = `, options => '{"buckets_per_batch": 0}'`

/**
 * Brings a level of a family up to date; TimescaleDB looks only at what was written since. Stored bars come by COPY: their lowest
 * level is made anew where it would not see them.
 */
export async function refresh(
  client: PoolClient,
  family: Family,
  level: Level,
  { from, to }: Span,
  { batchedRefresh, forcedRefresh }: Pick<Capabilities, 'batchedRefresh' | 'forcedRefresh'>,
): Promise<void> {
  const force = forcedRefresh && family === 'candles' && level === COARSER[0]
  await client.query(
    `call refresh_continuous_aggregate('${aggregateName(family, level)}', to_timestamp($1), to_timestamp($2)${force ? ', force => true' : ''}${batchedRefresh ? AT_ONCE : ''})`,
    [from, to],
  )
}
