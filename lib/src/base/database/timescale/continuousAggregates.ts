import { formatTime, type Micros, QiError, type Timeframe } from '../../types/index.ts'
import type { PoolClient } from '../pool.ts'

/** The lengths that are kept rolled up from one-minute bars. */
export const AGGREGATED = ['5m', '15m', '1h', '4h', '1d'] as const satisfies readonly Timeframe[]
const INTERVALS = { '5m': '5 minutes', '15m': '15 minutes', '1h': '1 hour', '4h': '4 hours', '1d': '1 day' } as const

export const aggregateName = (timeframe: (typeof AGGREGATED)[number]): string => `candles_${timeframe}`

const view = (timeframe: (typeof AGGREGATED)[number]): string => `
create materialized view if not exists ${aggregateName(timeframe)} with (timescaledb.continuous, timescaledb.materialized_only = false) as
select coin_id, source, currency, time_bucket('${INTERVALS[timeframe]}', time) as time,
  first(open, time) as open, max(high) as high, min(low) as low, last(close, time) as close,
  case when count(*) = count(volume) then sum(volume) end as volume,
  case when count(*) = count(trade_count) then sum(trade_count) end as trade_count,
  count(*) as bars, bool_and(is_final) as is_final, max(received_at) as received_at
from ohlcv_data where timeframe = '1m'
group by coin_id, source, currency, time_bucket('${INTERVALS[timeframe]}', time) with no data`

/** Makes the views `candles_5m` … `candles_1d` and keeps the last month of them fresh. */
export async function createAggregates(client: PoolClient): Promise<void> {
  for (const timeframe of AGGREGATED) {
    await client.query(view(timeframe))
    const length = INTERVALS[timeframe]
    await client.query(
      `select add_continuous_aggregate_policy('${aggregateName(timeframe)}', start_offset => interval '30 days',
        end_offset => interval '${length}', schedule_interval => interval '${length}', if_not_exists => true)`,
    )
  }
}

/** Brings a stretch of history up to date, for instance after a backfill. */
export async function refreshAggregates(client: PoolClient, from: Micros, to: Micros): Promise<void> {
  if (!(from < to)) throw new QiError('BAD_REQUEST', 'from must be before to', { field: 'from' })
  for (const timeframe of AGGREGATED)
    await client.query(`call refresh_continuous_aggregate('${aggregateName(timeframe)}', $1::timestamptz, $2::timestamptz)`, [
      formatTime(from),
      formatTime(to),
    ])
}
