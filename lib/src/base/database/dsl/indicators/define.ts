import type { z } from 'zod'
import type { Calendar, Timeframe } from '../../../types/index.ts'
import type { Candle } from '../results.ts'

/** The figures of a candle as float64, for the computation. */
export interface Figures {
  readonly time: number
  readonly high: number
  readonly low: number
  readonly close: number
  readonly volume: number | undefined
}

export const figuresOf = ({ time, high, low, close, volume }: Candle): Figures => ({
  time,
  high: Number(high),
  low: Number(low),
  close: Number(close),
  volume: volume === undefined ? undefined : Number(volume),
})

/** Takes the candles one by one, oldest first; returns undefined until there are enough of them. */
export type Step = (candle: Figures) => Readonly<Record<string, number>> | undefined

/** An indicator: its parameters, formula and computation. */
export interface IndicatorDefinition<P extends z.ZodRawShape = z.ZodRawShape> {
  readonly name: string
  readonly title: string
  /** The formula in words and symbols, as docs/indicators.md shows it. */
  readonly formula: string
  /** Its own parameters, in wire naming. */
  readonly parameters: P
  /** A description of each value, by name. */
  readonly values: Readonly<Record<string, string>>
  /** Candles needed before the first value. */
  warmUp(params: ParamsOf<P>): number
  /** Candles to read before the first point, so that its value does not depend on where they begin. */
  history(params: ParamsOf<P>, timeframe: Timeframe): number
  /** Starts a computation. @param calendar the trading days of the series; default: those of UTC */
  start(params: ParamsOf<P>, calendar?: Calendar): Step
}

export type ParamsOf<P extends z.ZodRawShape> = { readonly [K in keyof P]: z.output<P[K]> }

export const defineIndicator = <P extends z.ZodRawShape>(definition: IndicatorDefinition<P>): IndicatorDefinition<P> => definition

/** After this many periods of exponential smoothing by 2/(n+1) the first value weighs less than one part in 10⁸. */
export const SMOOTHED_PERIODS = 10
