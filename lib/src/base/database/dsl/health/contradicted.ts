import { compareDecimals, formatTime, type Timeframe } from '../../../types/index.ts'
import type { Reader } from '../../reader.ts'
import { boundText, type Stretch } from '../bars.ts'
import { bucketOf } from '../bucket.ts'
import { build, type Gathered, materialsOf } from '../gather.ts'
import { heldOf } from '../held.ts'
import { linesOf, toBar } from '../packedBars.ts'
import type { SeriesKind } from './series.ts'

/** More bars of one series are not compared. */
const MOST = 500

/**
 * How many closed bars of the source disagree with what is held of their time in finer bars, trades and prices: a price lies
 * outside of the bar, or finer bars that cover it give another open, close or volume.
 */
export async function contradictedBars(
  reader: Reader,
  { coinId, source, currency }: SeriesKind,
  timeframe: Timeframe,
  { from, to }: Stretch,
): Promise<number> {
  const range = { from: boundText(from), to: formatTime(to), limit: MOST }
  const { chosen, bars } = await heldOf(reader, { coin: coinId, source, currency, timeframe, ...range })
  const own = chosen ? linesOf(bars).map((line) => toBar(chosen, timeframe, line)) : []
  if (!chosen || own.length === 0) return 0
  const bucket = bucketOf(timeframe)
  const finer = materialsOf(chosen, bucket).filter((material) => material !== timeframe)
  if (finer.length === 0) return 0
  const built = new Map(
    (
      await build(
        reader,
        chosen,
        bucket,
        own.map(({ time }) => time),
        finer,
      )
    ).map((one) => [one.time, one]),
  )
  return own.filter((bar) => {
    const other = built.get(bar.time)
    return other !== undefined && disagree(bar, other)
  }).length
}

type Figures = Pick<Gathered, 'open' | 'high' | 'low' | 'close' | 'volume'>

function disagree(bar: Figures, built: Gathered): boolean {
  if (compareDecimals(built.high, bar.high) > 0 || compareDecimals(built.low, bar.low) < 0) return true
  if (built.partial || built.fromTimeframe === undefined) return false
  return (
    built.open !== bar.open ||
    built.close !== bar.close ||
    (built.volume !== undefined && bar.volume !== undefined && built.volume !== bar.volume)
  )
}
