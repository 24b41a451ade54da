import type { Pool } from '../../../base/database/index.ts'
import {
  formatTime,
  type Indicator,
  MANUAL,
  type Micros,
  nowMicros,
  type Origin,
  type Timeframe,
} from '../../../base/types/index.ts'

/** The series that values belong to. */
export interface Owner {
  readonly coinId: string
  readonly source: string
  readonly currency: string
  readonly timeframe: Timeframe
  readonly simulated: boolean
  /** True if some of the input was handed in manually; default: by the source. */
  readonly manual?: boolean
}

/** A value at a candle, with the name and parameters of its indicator. */
export interface Value {
  readonly name: string
  readonly params: string
  readonly time: Micros
  readonly value: number
}

/** Records of the values that are new or differ from the stored ones, so that a repeated run writes nothing. */
export async function changed(pool: Pool, owner: Owner, values: readonly Value[]): Promise<Indicator[]> {
  if (values.length === 0) return []
  const { coinId, source, currency, timeframe, simulated, manual = source === MANUAL } = owner
  const from = Math.min(...values.map(({ time }) => time))
  const { rows } = await pool.query<{ name: string; params: string; micros: string; value: number }>(
    `select name, params, (extract(epoch from time) * 1000000)::bigint as micros, value from indicators
     where coin_id = $1 and source = $2 and currency = $3 and timeframe = $4 and time >= $5`,
    [coinId, source, currency, timeframe, formatTime(from)],
  )
  const keyOf = ({ name, params, time }: Omit<Value, 'value'>) => JSON.stringify([name, params, time])
  const held = new Map(rows.map(({ name, params, micros, value }) => [keyOf({ name, params, time: Number(micros) }), value]))
  const receivedAt = nowMicros()
  const origin: Origin = simulated ? 'simulated' : manual ? MANUAL : 'live'
  return values
    .filter((one) => Number.isFinite(one.value) && held.get(keyOf(one)) !== one.value)
    .map((one) => ({ coinId, source, currency, timeframe, receivedAt, origin, ...one }))
}
