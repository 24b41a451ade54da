import type { IndicatorName } from '../../base/database/index.ts'

/** The signal of a value by its rule. */
export interface Reading {
  readonly signal: 'up' | 'down' | 'neutral'
  readonly rule: string
}

type Values = Readonly<Record<string, number>>
const of = (values: Values, name: string): number => values[name] as number

const beside = (close: number, value: number, what: string): Reading => ({
  signal: close > value ? 'up' : close < value ? 'down' : 'neutral',
  rule: `close above ${what}: up; below: down`,
})

/** Textbook rules, one for each indicator: they describe the past and predict nothing. */
export const READINGS: Readonly<Record<IndicatorName, (values: Values, close: number) => Reading>> = {
  sma: (values, close) => beside(close, of(values, 'value'), 'the average'),
  ema: (values, close) => beside(close, of(values, 'value'), 'the average'),
  vwap: (values, close) => beside(close, of(values, 'value'), 'the volume weighted price'),
  rsi: (values) => ({
    signal: of(values, 'value') > 70 ? 'down' : of(values, 'value') < 30 ? 'up' : 'neutral',
    rule: 'above 70: overbought, down; below 30: oversold, up',
  }),
  macd: (values) => ({
    signal: of(values, 'histogram') > 0 ? 'up' : of(values, 'histogram') < 0 ? 'down' : 'neutral',
    rule: 'histogram above 0: up; below: down',
  }),
  bollinger: (values, close) => ({
    signal: close > of(values, 'upper') ? 'down' : close < of(values, 'lower') ? 'up' : 'neutral',
    rule: 'close above the upper band: stretched, down; below the lower: up',
  }),
}
