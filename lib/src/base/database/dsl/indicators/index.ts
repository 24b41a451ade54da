import { bollinger } from './bollinger.ts'
import type { IndicatorDefinition } from './define.ts'
import { ema } from './ema.ts'
import { macd } from './macd.ts'
import { rsi } from './rsi.ts'
import { sma } from './sma.ts'
import { vwap } from './vwap.ts'

export const INDICATORS = { sma, ema, rsi, macd, bollinger, vwap } as const
export type IndicatorName = keyof typeof INDICATORS

export const INDICATOR_NAMES = Object.keys(INDICATORS) as [IndicatorName, ...IndicatorName[]]

/** An indicator by its name, with its type widened for code that works with any of them. */
export const indicatorOf = (name: IndicatorName): IndicatorDefinition => INDICATORS[name] as unknown as IndicatorDefinition
