import {
  MICROS_PER_SECOND,
  type Micros,
  QiError,
  TIMEFRAMES,
  type Timeframe,
  timeframeMicros,
  timeframeOrigin,
} from '../../../types/index.ts'

const DAY = 86_400

/** A length of candles: it divides a day, or is a number of whole days. */
export interface Bucket {
  /** The length as it was asked for, such as 1h or 10m. */
  readonly name: string
  readonly length: Micros
  /** A moment at which one opens: a Monday for weeks, else 1970-01-01. */
  readonly origin: Micros
  /** The distance of its opens from those in UTC; default 0. See {@link phasesOf}. */
  readonly phase?: Micros
}

/** A moment at which one opens. */
export const originOf = ({ origin, phase = 0 }: Bucket): Micros => origin + phase

/** The distance of an open from the time that names the candle: a daily one is named by a date, at 00:00 UTC. */
const beforeLabel = ({ length, phase = 0 }: Bucket): Micros => (length >= DAY * MICROS_PER_SECOND ? phase : 0)

export const labelOf = (open: Micros, bucket: Bucket): Micros => open - beforeLabel(bucket)
export const openOfLabel = (label: Micros, bucket: Bucket): Micros => label + beforeLabel(bucket)

export const bucketOf = (timeframe: Timeframe): Bucket => ({
  name: timeframe,
  length: timeframeMicros(timeframe),
  origin: timeframeOrigin(timeframe),
})

const WEEK = 7 * DAY
const UNITS = { s: 1, m: 60, h: 3600, d: DAY, w: WEEK } as const
const LONGEST_DAYS = 366

/** A count and a unit, such as 90s. */
export const LENGTH = /^([1-9]\d{0,6})([smhdw])$/

/**
 * Reads a length such as 90s, 10m, 6h, 2d or 1w. A length that neither divides a day nor is a number of whole days is refused.
 * @throws QiError BAD_REQUEST, naming the lengths nearest to it
 */
export function parseBucket(text: string): Bucket {
  const m = LENGTH.exec(text)
  if (!m) throw new QiError('BAD_REQUEST', 'expected a count and a unit of s, m, h, d or w, such as 90s, 10m, 6h, 2d or 1w')
  const unit = UNITS[m[2] as keyof typeof UNITS]
  const seconds = Number(m[1]) * unit
  if (seconds > LONGEST_DAYS * DAY) throw new QiError('BAD_REQUEST', `must be at most ${LONGEST_DAYS} days long`)
  if (seconds < DAY ? DAY % seconds !== 0 : seconds % DAY !== 0)
    throw new QiError(
      'BAD_REQUEST',
      `neither divides a day nor consists of whole days; near it are ${nearest(seconds).join(' and ')}`,
    )
  const origin = unit === WEEK ? timeframeOrigin('1w') : 0
  return { name: text, length: seconds * MICROS_PER_SECOND, origin }
}

function nearest(seconds: number): string[] {
  const fits = (candidate: number) => (candidate < DAY ? DAY % candidate === 0 : candidate % DAY === 0)
  let below = seconds
  while (!fits(below)) below--
  let above = seconds
  while (!fits(above)) above++
  return [below, above].map(inWords)
}

function inWords(seconds: number): string {
  const [unit, length] = Object.entries(UNITS)
    .toReversed()
    .find(([name, length]) => name !== 'w' && seconds % length === 0) ?? ['s', 1]
  return `${seconds / length}${unit}`
}

/** The open of the bucket that a time falls in. */
export function openOf(time: Micros, bucket: Bucket): Micros {
  const [origin, { length }] = [originOf(bucket), bucket]
  return Math.floor((time - origin) / length) * length + origin
}

/** The timeframe of this length; undefined if there is none. */
export const timeframeOf = ({ length, origin }: Bucket): Timeframe | undefined =>
  TIMEFRAMES.find((one) => timeframeMicros(one) === length && (origin - timeframeOrigin(one)) % length === 0)

/** Timeframes whose bars divide the length without a remainder, the coarsest first. */
export function finerTimeframes({ length, origin }: Bucket): readonly Timeframe[] {
  const fits = (one: Timeframe) => {
    const finer = timeframeMicros(one)
    return finer < length && length % finer === 0 && (origin - timeframeOrigin(one)) % finer === 0
  }
  return TIMEFRAMES.filter(fits).toSorted((a, b) => timeframeMicros(b) - timeframeMicros(a))
}
