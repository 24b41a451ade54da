import {
  formatTime,
  type Indicator,
  MANUAL,
  type Micros,
  nowMicros,
  type Origin,
  type Pool,
  type Timeframe,
} from '../../../base/index.ts'

/** Whose values they are. */
export interface Owner {
  readonly coinId: string
  readonly source: string
  readonly currency: string
  readonly timeframe: Timeframe
  readonly simulated: boolean
  /** Whether some of what it was computed from was handed in; default: where the source says so. */
  readonly manual?: boolean
}

/** A value at a candle, under the name and the parameters of what computed it. */
export interface Value {
  readonly name: string
  readonly params: string
  readonly time: Micros
  readonly value: number
}

/** Those of the values that are not stored as they are: a repetition writes nothing. */
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
