import type { z } from 'zod'
import type { Timeframe } from '../../../types/index.ts'
import type { Candle } from '../results.ts'

/** A candle as an indicator sees it: float64, since its results are. */
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

/** Takes the candles one after the other, oldest first; nothing before there are enough of them. */
export type Step = (candle: Figures) => Readonly<Record<string, number>> | undefined

/** One indicator: its parameters, its formula, and how it is computed. */
export interface IndicatorDefinition<P extends z.ZodRawShape = z.ZodRawShape> {
  readonly name: string
  readonly title: string
  /** In words and symbols, as docs/indicators.md shows it. */
  readonly formula: string
  /** Its own parameters, in wire naming. */
  readonly parameters: P
  /** What each of its values is. */
  readonly values: Readonly<Record<string, string>>
  /** Candles needed before the first value. */
  warmUp(params: ParamsOf<P>): number
  /** Candles to read before the first point, so that where they begin no longer shows in it. */
  history(params: ParamsOf<P>, timeframe: Timeframe): number
  start(params: ParamsOf<P>): Step
}

export type ParamsOf<P extends z.ZodRawShape> = { readonly [K in keyof P]: z.output<P[K]> }

export const defineIndicator = <P extends z.ZodRawShape>(definition: IndicatorDefinition<P>): IndicatorDefinition<P> => definition

/** After so many periods of exponential smoothing by 2/(n+1) the first value weighs less than one part in 10⁸. */
export const SMOOTHED_PERIODS = 10
