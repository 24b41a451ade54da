import { type Decimal, decimal, type Micros, type Ohlcv, QiError, type Timeframe } from '../../../types/index.ts'
import { readInteger, readTime } from '../../reading/RowReader.ts'
import type { UnreadableRows } from '../../reading/UnreadableRows.ts'
import type { SeriesKey } from '../series.ts'
import { type Bucket, bucketOf } from './bucket.ts'

/*
 * Stored bars of one series come as one text, a line a bar, oldest first: reading five thousand small values one by one costs
 * Node several times what it costs PostgreSQL to find them. The names of the series are left out.
 */

/** Between two lines; the comma makes JSON of them once each line is an object. */
const BREAK = ',\n'
const COLUMNS = [
  'time',
  'received_at',
  'origin',
  'open',
  'high',
  'low',
  'close',
  'volume',
  'trade_count',
  'is_final',
  'built_from',
]

/** SQL that packs the rows of `row`; an absent value is an empty text. */
export const packed = (row: string): string => {
  const value = (column: string) =>
    column === 'is_final' ? `case when ${row}.is_final then 'true' else 'false' end` : `${row}.${column}`
  return `string_agg(concat(${COLUMNS.map(value).join(", ',', ")}), E'${BREAK.replace('\n', '\\n')}' order by ${row}.time)`
}

/** Bars of one series, oldest first. */
export interface PackedBars {
  readonly text: string
  readonly count: number
}

export const linesOf = ({ text }: PackedBars): string[] => (text === '' ? [] : text.split(BREAK))

const timeOf = (line: string): Micros => readTime(line.slice(0, line.indexOf(',')))

/** The opens of the bars. Fast path: bars without a hole, as nearly all are, need only the first and the last line. */
export function opensOf(bars: PackedBars, timeframe: Timeframe): readonly Micros[] {
  if (bars.count === 0) return []
  const { length }: Bucket = bucketOf(timeframe)
  const first = timeOf(bars.text)
  const last = timeOf(bars.text.slice(bars.text.lastIndexOf('\n') + 1))
  if (last - first === (bars.count - 1) * length) return Array.from({ length: bars.count }, (_, i) => first + i * length)
  return linesOf(bars).map(timeOf)
}

/** The bars without the oldest `count`. */
export function dropOldest(bars: PackedBars, count: number): PackedBars {
  if (count >= bars.count) return { text: '', count: 0 }
  let start = 0
  for (let i = 0; i < count; i++) start = bars.text.indexOf('\n', start) + 1
  return { text: bars.text.slice(start), count: bars.count - count }
}

/** Reads one line. @throws QiError BAD_DATA if a text in it holds a separator, or a figure is not a number */
export function toBar({ coinId, source, currency }: SeriesKey, timeframe: Timeframe, line: string): Ohlcv {
  const values = line.split(',')
  if (values.length !== COLUMNS.length) throw new QiError('BAD_DATA', `a row of ohlcv_data is not a bar: ${line.slice(0, 100)}`)
  const [time, receivedAt, origin, open, high, low, close, volume, tradeCount, isFinal, builtFrom] = values as string[]
  return {
    coinId,
    source,
    time: readTime(time as string),
    receivedAt: readTime(receivedAt as string),
    origin: origin as Ohlcv['origin'],
    currency,
    timeframe,
    open: decimal(open as string),
    high: decimal(high as string),
    low: decimal(low as string),
    close: decimal(close as string),
    ...(volume && { volume: decimal(volume) as Decimal }),
    ...(tradeCount && { tradeCount: readInteger(tradeCount) }),
    isFinal: isFinal === 'true',
    builtFrom: builtFrom as Ohlcv['builtFrom'],
  }
}

/** The bars of lines. A line that cannot be read is skipped and recorded in `unreadable`. */
export function readBars(unreadable: UnreadableRows, key: SeriesKey, timeframe: Timeframe, lines: readonly string[]): Ohlcv[] {
  const { coinId, source, currency } = key
  return lines.flatMap((line) => {
    const where = () => ({
      table: 'ohlcv_data',
      key: { coin_id: coinId, source, currency, timeframe, time: line.slice(0, line.indexOf(',')) },
    })
    const bar = unreadable.attempt(where, () => toBar(key, timeframe, line))
    return bar ? [bar] : []
  })
}
