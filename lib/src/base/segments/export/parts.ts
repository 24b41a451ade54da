import { createHash } from 'node:crypto'
import { formatTime, type Micros } from '../../types/index.ts'

export const PERIODS = ['day', 'month', 'year'] as const
export type Period = (typeof PERIODS)[number]

/** One file of an export by series and time. */
export interface ExportPart {
  /** Path below the folder: `source=coingecko/date=2026-01-05/bitcoin-usd.parquet`. */
  readonly file: string
  readonly from: Micros
  /** Exclusive. */
  readonly to: Micros
}

/** The range of times of a series. */
export interface SeriesSpan {
  readonly names: Readonly<Record<string, string>>
  readonly first: Micros
  readonly last: Micros
}

/** Most bytes of a file's name before its suffix; longer names end with a digest. */
const LONGEST_NAME = 180

/** The files of a series, in the order of time, in folders by source and day, month or year (hive partitions). */
export function* partsOf(
  { names, first, last }: SeriesSpan,
  period: Period,
  suffix: string,
  range: { from: Micros; to: Micros },
): Generator<ExportPart> {
  const from = Math.max(first, range.from)
  const to = Math.min(last + 1_000_000, range.to) // before 1685 a number can only hold whole seconds
  const { source = '', ...others } = names
  const name = fileName(Object.values(others).filter(Boolean).join('-') || source)
  for (let start = floor(from, period); start < to; start = next(start, period)) {
    const key = period === 'day' ? 'date' : period
    const value = formatTime(start).slice(0, period === 'day' ? 10 : period === 'month' ? 7 : 4)
    const file = `source=${source}/${key}=${value}/${name}.${suffix}`
    yield { file, from: Math.max(start, from), to: Math.min(next(start, period), to) }
  }
}

function fileName(text: string): string {
  const encoded = encodeURIComponent(text)
  if (encoded.length <= LONGEST_NAME) return encoded
  return `${encoded.slice(0, LONGEST_NAME - 20)}-${createHash('sha256').update(text).digest('hex').slice(0, 16)}`
}

const date = (time: Micros): Date => new Date(Math.floor(time / 1000))

function floor(time: Micros, period: Period): Micros {
  const at = date(time)
  const month = period === 'year' ? 0 : at.getUTCMonth()
  return Date.UTC(at.getUTCFullYear(), month, period === 'day' ? at.getUTCDate() : 1) * 1000
}

function next(start: Micros, period: Period): Micros {
  const at = date(start)
  const [year, month, day] = [at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()]
  if (period === 'day') return Date.UTC(year, month, day + 1) * 1000
  return (period === 'month' ? Date.UTC(year, month + 1) : Date.UTC(year + 1, 0)) * 1000
}
