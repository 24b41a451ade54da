import { type RecordField, TIMEFRAMES, timeframeMicros } from '../../../types/index.ts'
import type { ScanCursor } from './cursor.ts'
import { writtenTime } from './time.ts'

/** The first three bytes of a timeframe, which identify it. */
const codeOf = (first: number, second: number, third: number): number => (first << 16) | (second << 8) | third
const LENGTHS = new Map(
  TIMEFRAMES.map((timeframe) => {
    const bytes = Buffer.from(timeframe)
    return [codeOf(bytes[0] ?? 0, bytes[1] ?? 0, bytes[2] ?? 0), timeframeMicros(timeframe)]
  }),
)

/** Field numbers that decide if a candle is over. */
interface Places {
  readonly time: number
  readonly receivedAt: number
  readonly timeframe: number
  readonly isFinal: number
}

/** The field numbers for candles; undefined for other record types. */
export function candlePlaces(fields: readonly RecordField[]): Places | undefined {
  const place = (name: string) => fields.findIndex((field) => field.name === name)
  const places = {
    time: place('time'),
    receivedAt: place('received_at'),
    timeframe: place('timeframe'),
    isFinal: place('is_final'),
  }
  return Object.values(places).includes(-1) ? undefined : places
}

/** True if a scanned candle is marked final but was received before its end. The slow way then decides, since its market may close earlier. */
export function claimsFinalEarly(c: ScanCursor, starts: Int32Array, { time, receivedAt, timeframe, isFinal }: Places): boolean {
  const { out, view } = c
  if (out[(starts[isFinal] as number) + 4] !== 1) return false
  const text = (starts[timeframe] as number) + 4
  const bytes = view.getInt32(text - 4)
  const code = codeOf(out[text] as number, out[text + 1] as number, bytes > 2 ? (out[text + 2] as number) : 0)
  const end = writtenTime(c, starts[time] as number) + (LENGTHS.get(code) as number)
  return end > writtenTime(c, starts[receivedAt] as number)
}
