import { compareDecimals, formatTime, type Span, type Timeframe } from '../../../types/index.ts'
import type { RowReader } from '../../reading/RowReader.ts'
import { bucketOf } from '../candles/bucket.ts'
import type { BuiltCandle } from '../candles/completeness.ts'
import { buildNamed, materialsOf } from '../candles/fill.ts'
import { linesOf, toBar } from '../candles/packedBars.ts'
import { boundText } from '../candles/statements.ts'
import { findStored } from '../candles/stored.ts'
import type { SeriesKind } from './series.ts'

/** The most bars of one series that are compared; the newest. */
const MOST = 500

/**
 * Counts the closed bars of the source that disagree with finer bars, trades or prices of their time: a price lies outside the bar,
 * or finer bars that cover it give another open, close or volume.
 */
export async function contradictedBars(
  reader: RowReader,
  { coinId, source, currency }: SeriesKind,
  timeframe: Timeframe,
  { from, to }: Span,
): Promise<number> {
  const range = { from: boundText(from), to: formatTime(to), limit: MOST }
  const { chosen, bars } = await findStored(reader, { coin: coinId, source, currency, timeframe, ...range })
  const own = chosen ? linesOf(bars).map((line) => toBar(chosen, timeframe, line)) : []
  if (!chosen || own.length === 0) return 0
  const bucket = bucketOf(timeframe)
  const finer = materialsOf(chosen, bucket).filter((material) => material !== timeframe)
  if (finer.length === 0) return 0
  const labels = own.map(({ time }) => time)
  const built = new Map((await buildNamed(reader, chosen, bucket, labels, finer)).map((one) => [one.time, one]))
  return own.filter((bar) => {
    const other = built.get(bar.time)
    return other !== undefined && disagree(bar, other)
  }).length
}

type Figures = Pick<BuiltCandle, 'open' | 'high' | 'low' | 'close' | 'volume'>

function disagree(bar: Figures, built: BuiltCandle): boolean {
  if (compareDecimals(built.high, bar.high) > 0 || compareDecimals(built.low, bar.low) < 0) return true
  if (built.partial || built.fromTimeframe === undefined) return false
  return (
    built.open !== bar.open ||
    built.close !== bar.close ||
    (built.volume !== undefined && bar.volume !== undefined && built.volume !== bar.volume)
  )
}
