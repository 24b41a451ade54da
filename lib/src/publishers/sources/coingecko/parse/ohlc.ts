import { type ExactJson, type Micros, type Ohlcv, ohlcv, type Timeframe, timeframeMicros } from '../../../../base/types/index.ts'
import { Collector, type Parsed, type Seen } from '../../shared/collect.ts'
import { arrayOf, decimalOf, millisOf } from '../../shared/json.ts'

export const OHLC_DAYS = ['1', '7', '14', '30', '90', '180', '365', 'max'] as const
export type OhlcDays = (typeof OHLC_DAYS)[number]

export interface OhlcParams {
  readonly id: string
  readonly currency: string
  /** Days back, which decide the length of the candles: 1 → 30m, 7 to 30 → 4h, more → 4d. */
  readonly days: OhlcDays
  /** Candles of a day or an hour instead, with a paid plan. */
  readonly interval?: 'daily' | 'hourly'
}

/** Candles of a day or an hour between two moments; with a paid plan. */
export interface OhlcRangeParams {
  readonly id: string
  readonly currency: string
  readonly from: Micros
  readonly to: Micros
  readonly interval: 'daily' | 'hourly'
}

export function ohlcTimeframe({ days, interval }: Pick<OhlcParams, 'days' | 'interval'>): Timeframe {
  if (interval) return interval === 'daily' ? '1d' : '1h'
  if (days === '1') return '30m'
  return days === '7' || days === '14' || days === '30' ? '4h' : '4d'
}

interface Row {
  readonly index: number
  readonly row: ExactJson
  readonly end: Micros
}

/**
 * `[[1620504000000,57945.79,59122.18,57945.79,59122.18],…]`: close time of the candle in milliseconds, open, high, low, close; no volume.
 * The time of a record is its open, so the stamp is shifted by the candle's length. The last candle is not final if its close lies ahead,
 * or its stamp is off the grid, which is then the time it was made.
 * The stamps have to be as far apart as the expected length, single holes aside. If all are evenly spaced by another length that CoinGecko
 * has, that length holds; otherwise every row is refused.
 * @throws QiError BAD_DATA if it is no list
 */
export function parseOhlc(body: ExactJson, params: OhlcParams, seen: Seen): Parsed<Ohlcv> {
  const out = new Collector<Ohlcv>(ohlcv)
  const rows: Row[] = []
  arrayOf(body, 'ohlc').forEach((row, index) => {
    try {
      rows.push({ index, row, end: millisOf(arrayOf(row, 'the candle')[0], 'the stamp') })
    } catch (error) {
      out.refuse(String(index), row, (error as Error).message)
    }
  })
  rows.sort((a, b) => a.end - b.end)
  const timeframe = timeframeOf(rows) ?? ohlcTimeframe(params)
  const length = timeframeMicros(timeframe)
  const spacing = smallest(gapsOf(rows))
  rows.forEach(({ index, row, end }, i) => {
    const previous = rows[i - 1]
    const gap = previous ? end - previous.end : length
    const running = i === rows.length - 1 && gap > 0 && gap % length !== 0
    if (spacing !== undefined && spacing !== length)
      out.refuse(
        String(index),
        row,
        `the stamps are ${spacing / 1e6} s apart, expected ${length / 1e6} s for candles of ${timeframe}`,
      )
    else if (gap === 0 || (gap % length !== 0 && !running))
      out.refuse(String(index), row, `its stamp is ${gap / 1e6} s after the one before, expected ${length / 1e6} s`)
    else
      out.add(String(index), row, () => {
        const [, open, high, low, close] = row as ExactJson[]
        const opened = running && previous ? previous.end + Math.floor(gap / length) * length : end - length
        return {
          coinId: params.id,
          source: seen.source,
          currency: params.currency,
          timeframe,
          time: opened,
          receivedAt: seen.receivedAt,
          origin: seen.origin,
          open: decimalOf(open, 'open'),
          high: decimalOf(high, 'high'),
          low: decimalOf(low, 'low'),
          close: decimalOf(close, 'close'),
          isFinal: !running && end <= seen.receivedAt,
          builtFrom: 'provider',
        }
      })
  })
  return out.done()
}

/** Distances between neighbours, without the last if there are others: it may be cut short. */
function gapsOf(rows: readonly Row[]): readonly Micros[] {
  const gaps = rows.slice(1).map((row, i) => row.end - (rows[i] as Row).end)
  return gaps.length > 1 ? gaps.slice(0, -1).filter((gap) => gap > 0) : []
}

const smallest = (gaps: readonly Micros[]): Micros | undefined => (gaps.length > 0 ? Math.min(...gaps) : undefined)

/** The candle length by the stamps alone, if they agree. */
function timeframeOf(rows: readonly Row[]): Timeframe | undefined {
  const [first, ...others] = gapsOf(rows)
  if (others.length < 2 || others.some((gap) => gap !== first)) return undefined
  return LENGTHS.find((timeframe) => timeframeMicros(timeframe) === first)
}

const LENGTHS = ['30m', '1h', '4h', '1d', '4d'] as const
