import type { Decimal, Micros } from '../../../types/index.ts'
import type { Candle } from '../results.ts'
import { logReturns, mean, medianOf, pearson } from '../statistics.ts'
import type { ComparedPair } from './results.ts'

const LEAST_RETURNS = 3

/** Closes by the open of their candle, oldest first. */
export type Closes = ReadonlyMap<Micros, Decimal>

/** The closes that can be compared: a part that is not covered may hide the last price of a closed candle, and an open one has none. */
export const closesOf = (candles: readonly Candle[]): Closes =>
  new Map(
    candles.flatMap(({ time, close, isFinal, partial, flaw }) =>
      isFinal && !partial && flaw === undefined && Number(close) > 0 ? [[time, close]] : [],
    ),
  )

/** The difference of two figures, in basis points of the reference; undefined if that is not above 0. */
export const bpsOf = (reference: Decimal, other: Decimal): number | undefined =>
  Number(reference) > 0 ? (Number(other) / Number(reference) - 1) * 10_000 : undefined

type Measured = Omit<ComparedPair, 'reference' | 'other' | 'difference' | 'differenceBps'>

/** The figures of two series over the candles that both have. */
export function measure(reference: Closes, other: Closes): Measured {
  const times = [...reference.keys()].filter((time) => other.has(time))
  const [first, last] = [times[0], times.at(-1)]
  if (first === undefined || last === undefined) return { candles: 0, onlyReference: 0, onlyOther: 0 }
  const within = (closes: Closes) => [...closes.keys()].filter((time) => time >= first && time <= last).length
  const [a, b] = [reference, other].map((closes) => times.map((time) => closes.get(time) as Decimal)) as [Decimal[], Decimal[]]
  const bps = a.map((close, i) => bpsOf(close, b[i] as Decimal) as number)
  const at = bps.reduce((most, value, i) => (Math.abs(value) > Math.abs(bps[most] as number) ? i : most), 0)
  const correlation = correlationOf(a, b)
  return {
    candles: times.length,
    onlyReference: within(reference) - times.length,
    onlyOther: within(other) - times.length,
    meanBps: mean(bps),
    medianBps: medianOf(Float64Array.from(bps, Math.abs)),
    greatest: { time: times[at] as Micros, bps: bps[at] as number, reference: a[at] as Decimal, other: b[at] as Decimal },
    ...(correlation !== undefined && { correlation }),
  }
}

function correlationOf(...closes: readonly (readonly Decimal[])[]): number | undefined {
  const [a = [], b = []] = closes.map((some) => logReturns(some.map(Number)))
  return a.length >= LEAST_RETURNS ? pearson(a, b) : undefined
}
