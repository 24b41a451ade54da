import { type Micros, type Ohlcv, type Timeframe, timeframeMicros } from '../../base/types/index.ts'
import type { Listed } from './listed.ts'

/** Fields that the bars of one REST answer share. */
export interface BarsOf {
  readonly source: string
  readonly listed: Listed
  readonly timeframe: Timeframe
  readonly receivedAt: Micros
}

type Figures = Pick<Ohlcv, 'time' | 'open' | 'high' | 'low' | 'close' | 'volume' | 'tradeCount'>

/** A bar of REST, final once its time was over when the answer came: the last one of an answer usually still runs. */
export const pastBar = ({ source, listed, timeframe, receivedAt }: BarsOf, figures: Figures): Ohlcv => ({
  coinId: listed.coinId,
  source,
  receivedAt,
  origin: 'backfill',
  currency: listed.quote,
  timeframe,
  ...figures,
  isFinal: figures.time + timeframeMicros(timeframe) <= receivedAt,
  builtFrom: 'provider',
})
