/** The continuous aggregates from before series had numbers. Frozen: it does not change with the program. */
const LEVELS = ['5m', '15m', '1h', '4h', '1d'] as const
const BUCKETS = { '5m': '5 minutes', '15m': '15 minutes', '1h': '1 hour', '4h': '4 hours', '1d': '1 day' } as const

const SOURCES = {
  candles: {
    series: 'coin_id, source, currency',
    table: "ohlcv_data where timeframe = '1m' and flaw is null",
    final: "bool_and(is_final and received_at >= time + interval '1 minute')",
    rows: `count(*) as pieces, bool_or(origin = 'simulated') as simulated`,
    edges: 'min(time) as first_at, max(time) as last_at',
  },
  built: {
    series: 'coin_id, source, currency, built_from',
    table: "rollups where timeframe = '1m'",
    final: 'bool_and(is_final)',
    rows: 'sum(pieces)::bigint as pieces, bool_or(simulated) as simulated',
    edges: 'min(first_at) as first_at, max(last_at) as last_at',
  },
} as const

const COLUMNS =
  'time, open, high, low, close, volume, trade_count, is_final, pieces, received_at, simulated, origin, first_at, last_at'

const aggregate = (family: keyof typeof SOURCES, at: number): string => {
  const level = LEVELS[at] as (typeof LEVELS)[number]
  const { series, table } = SOURCES[family]
  const { final, rows, edges } = SOURCES[at === 0 ? family : 'built']
  const bucket = `time_bucket('${BUCKETS[level]}', time)`
  return `create materialized view ${family}_${level}
    with (timescaledb.continuous, timescaledb.materialized_only = true, timescaledb.create_group_indexes = false) as
    select ${series}, ${bucket} as time,
      first(open, time) as open, max(high) as high, min(low) as low, last(close, time) as close,
      case when count(*) = count(volume) then sum(volume) end as volume,
      case when count(*) = count(trade_count) then sum(trade_count)::bigint end as trade_count,
      ${final} as is_final, ${rows}, max(received_at) as received_at, last(origin, time) as origin, ${edges}
    from ${at === 0 ? table : `${family}_${LEVELS[at - 1]}`} group by ${series}, ${bucket} with no data`
}

/** Statements that create them, and the views that read them. */
export const AGGREGATES: readonly string[] = [
  ...(['candles', 'built'] as const).flatMap((family) => LEVELS.map((_, at) => aggregate(family, at))),
  ...LEVELS.map(
    (level) => `create or replace view rollup_${level} as
      select coin_id, source, currency, built_from, ${COLUMNS} from built_${level}
      union all select coin_id, source, currency, 'candles'::text collate "C", ${COLUMNS} from candles_${level}`,
  ),
]

/** Statements that fill them, from the finest to the coarsest. */
export const REFRESHES: readonly string[] = (['candles', 'built'] as const).flatMap((family) =>
  LEVELS.map((level) => `call refresh_continuous_aggregate('${family}_${level}', null, null)`),
)
