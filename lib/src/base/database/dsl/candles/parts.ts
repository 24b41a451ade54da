import {
  addDecimals,
  compareDecimals,
  type Decimal,
  decimal,
  type Micros,
  type Ohlcv,
  type Origin,
  type Span,
  type Timeframe,
  timeframeMicros,
} from '../../../types/index.ts'
import { type RawRow, readInteger, readTime } from '../../reading/RowReader.ts'

/** The figures of a span of a bucket, built from one material. */
export interface Part extends Span {
  /** How much of the span is covered, in microseconds. */
  readonly covered: Micros
  readonly open: Decimal
  readonly high: Decimal
  readonly low: Decimal
  readonly close: Decimal
  readonly volume: Decimal | undefined
  readonly tradeCount: number | undefined
  readonly receivedAt: Micros
  readonly origin: Origin
  readonly simulated: boolean
  readonly builtFrom: Ohlcv['builtFrom']
  /** The timeframe of the bars it is built from; undefined for trades and prices. */
  readonly timeframe?: Timeframe
  /** How many bars, trades or prices it is built from. */
  readonly pieces: number
}

function figuresOf(row: RawRow) {
  const text = (name: string) => row[name] as string
  return {
    open: decimal(text('open')),
    high: decimal(text('high')),
    low: decimal(text('low')),
    close: decimal(text('close')),
    volume: row.volume == null ? undefined : decimal(row.volume),
    tradeCount: row.trade_count == null ? undefined : readInteger(row.trade_count),
    receivedAt: readTime(text('received_at')),
    origin: text('origin') as Origin,
  }
}

/** The part that bars of a timeframe give of a span. */
export function partOfBars(row: RawRow, timeframe: Timeframe, { from, to }: Span): Part {
  const pieces = readInteger(row.pieces as string)
  const covered = Math.min(to - from, pieces * timeframeMicros(timeframe))
  const simulated = row.simulated === 't'
  return { ...figuresOf(row), from, to, covered, simulated, builtFrom: 'candles', timeframe, pieces }
}

/** The part that a stored bar of the bucket's own length gives; an open bar covers the time until it was received. */
export function partOfOwnBar(row: RawRow, timeframe: Timeframe, { from, to }: Span): Part {
  const figures = figuresOf(row)
  const end = row.closed === 't' ? to : Math.max(from, Math.min(to, figures.receivedAt))
  const simulated = figures.origin === 'simulated'
  const builtFrom = row.built_from as Ohlcv['builtFrom']
  return { ...figures, from, to: end, covered: end - from, simulated, builtFrom, timeframe, pieces: 1 }
}

/** The part that trades and prices give of a span, up to `now`. */
export function partOfEvents(row: RawRow, { from, to }: Span, now: Micros): Part {
  const silent = Math.round(Number(row.silent as string))
  const covered = Math.max(0, Math.min(to, now) - from - silent)
  const builtFrom = row.built_from as 'trades' | 'prices'
  return {
    ...figuresOf(row),
    from,
    to,
    covered,
    simulated: row.simulated === 't',
    builtFrom,
    pieces: readInteger(row.pieces as string),
  }
}

const highest = (a: Decimal, b: Decimal): Decimal => (compareDecimals(a, b) >= 0 ? a : b)
const lowest = (a: Decimal, b: Decimal): Decimal => (compareDecimals(a, b) <= 0 ? a : b)

/** The sum over the parts; undefined if one part has no value, since its share is unknown. */
function sumOf<T>(parts: readonly Part[], value: (part: Part) => T | undefined, add: (a: T, b: T) => T): T | undefined {
  let sum: T | undefined
  for (const part of parts) {
    const one = value(part)
    if (one === undefined) return undefined
    sum = sum === undefined ? one : add(sum, one)
  }
  return sum
}

/**
 * Joins parts that do not overlap into one bar. High and low also include `beside`, the other data of the same time, so no stored
 * price lies outside a built bar.
 */
export function joined(parts: readonly Part[], beside: readonly Part[]): Part {
  const sorted = parts.toSorted((a, b) => a.from - b.from)
  const first = sorted[0] as Part
  const last = sorted.at(-1) as Part
  const all = [...sorted, ...beside]
  const bars = sorted.filter(({ timeframe }) => timeframe !== undefined)
  const coarsest = bars.toSorted((a, b) => lengthOf(b) - lengthOf(a))[0]
  const only = parts.length === 1 ? first : undefined
  const events = sorted.find(({ builtFrom }) => builtFrom === 'trades') ?? first
  return {
    from: first.from,
    to: last.to,
    covered: sorted.reduce((sum, { covered }) => sum + covered, 0),
    open: first.open,
    high: all.map(({ high }) => high).reduce(highest),
    low: all.map(({ low }) => low).reduce(lowest),
    close: last.close,
    volume: sumOf(sorted, ({ volume }) => volume, addDecimals),
    tradeCount: sumOf(
      sorted,
      ({ tradeCount }) => tradeCount,
      (a, b) => a + b,
    ),
    receivedAt: Math.max(...sorted.map(({ receivedAt }) => receivedAt)),
    origin: last.origin,
    simulated: sorted.some(({ simulated }) => simulated),
    builtFrom: only ? only.builtFrom : coarsest ? 'candles' : events.builtFrom,
    ...(coarsest && { timeframe: coarsest.timeframe as Timeframe }),
    pieces: sorted.reduce((sum, { pieces }) => sum + pieces, 0),
  }
}

const lengthOf = ({ timeframe }: Part): Micros => (timeframe === undefined ? 0 : timeframeMicros(timeframe))
