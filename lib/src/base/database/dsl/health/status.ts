import { countOf, type Micros } from '../../../types/index.ts'
import type { SeriesHealth } from '../analysisResults.ts'
import type { MissingNumbers } from './missingNumbers.ts'

/** Prices and trades: a silence is a gap from this many times the median interval on. */
export const UNUSUAL = 10
/** The shortest silence that makes a series stale or gappy. */
export const LEAST: Micros = 60_000_000

interface Facts {
  /** From the newest row (of bars: from its close) to the end of the range. */
  readonly age: Micros
  /** The longest usual silence: of bars their length; of prices and trades by their median interval. */
  readonly usual: Micros
  readonly gaps: number
  /** Bars that are missing. */
  readonly missing: number | undefined
  /** Trades that are missing by number. */
  readonly numbers?: MissingNumbers | undefined
  /** Bars that cannot be right. */
  readonly flawed: number
  /** Rows from the future. */
  readonly future: number
}

/**
 * The status of a series and the reason; the first of these that holds:
 * - stale: the newest bar closed longer ago than its own length, or prices or trades were silent for ten times the median interval (in
 *   either case at least a minute)
 * - gappy: it has gaps, or numbers of trades are missing
 * - flawed: bars cannot be right
 * - future: rows lie ahead of the clock
 */
export function statusOf({ age, usual, gaps, missing, numbers, flawed, future }: Facts): Pick<SeriesHealth, 'status' | 'reason'> {
  const seconds = (micros: Micros) => `${Math.round(micros / 1_000_000).toLocaleString('en')} s`
  const most = Math.max(usual, LEAST)
  if (age > most) return { status: 'stale', reason: `no data for ${seconds(age)}; more than ${seconds(most)} is unusual` }
  if (numbers && numbers.missing > 0) return { status: 'gappy', reason: missingText(numbers) }
  if (gaps > 0 || missing)
    return {
      status: 'gappy',
      reason: missing
        ? countOf(missing, 'bar is missing', 'bars are missing')
        : `${countOf(gaps, 'gap')} of more than ${seconds(most)}`,
    }
  if (flawed > 0)
    return {
      status: 'flawed',
      reason: `${countOf(flawed, 'bar cannot be right', 'bars cannot be right')} (such as high below low)`,
    }
  if (future > 0)
    return {
      status: 'future',
      reason: `${countOf(future, 'row lies', 'rows lie')} more than five minutes ahead of the database's clock; delete what another program wrote`,
    }
  return { status: 'ok' }
}

/** The number of missing trades, and the range that misses the most with the reason from coverage. */
function missingText({ missing, missingNumbers }: MissingNumbers): string {
  const [first, ...others] = missingNumbers.toSorted((a, b) => b.missing - a.missing)
  const what = `${countOf(missing, 'trade is missing', 'trades are missing')} by number`
  if (!first) return what
  const { first: from, last: to } = first.numbers
  const range = from === to ? `number ${from}` : `numbers ${from} to ${to}`
  return `${what}: ${others.length > 0 ? 'most of them ' : ''}${range} (${first.reason})`
}
