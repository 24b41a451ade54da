import { countOf, type Micros } from '../../../types/index.ts'
import type { SeriesHealth } from '../analysisResults.ts'
import type { MissingNumbers } from './missingNumbers.ts'

/** Of prices and trades: so many times the usual interval without a row is a hole. */
export const UNUSUAL = 10
/** No series is called stale or gappy for less. */
export const LEAST: Micros = 60_000_000

interface Facts {
  /** From the newest row to the end of the stretch; of a bar from its close. */
  readonly age: Micros
  /** Of bars their length; of prices and trades the longest silence that is usual. */
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
 * Stale: bars, when the one after the newest should have been closed and is not there (older than its own length, at least a
 * minute); prices and trades, when silent for ten times the median interval (at least a minute). Gappy: when it has holes, or numbers of
 * trades are missing. Flawed: when bars cannot be right. Future: when rows lie ahead of the clock. The first that holds is told.
 */
export function statusOf({ age, usual, gaps, missing, numbers, flawed, future }: Facts): Pick<SeriesHealth, 'status' | 'reason'> {
  const seconds = (micros: Micros) => `${Math.round(micros / 1_000_000).toLocaleString('en')} s`
  const most = Math.max(usual, LEAST)
  if (age > most) return { status: 'stale', reason: `nothing for ${seconds(age)}; more than ${seconds(most)} is unusual` }
  if (numbers && numbers.missing > 0) return { status: 'gappy', reason: missingText(numbers) }
  if (gaps > 0 || missing)
    return {
      status: 'gappy',
      reason: missing
        ? countOf(missing, 'bar is missing', 'bars are missing')
        : `${countOf(gaps, 'silence')} of more than ${seconds(most)}`,
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

/** How many, and the range that misses the most, with the reason that coverage knows. */
function missingText({ missing, missingNumbers }: MissingNumbers): string {
  const [first, ...others] = missingNumbers.toSorted((a, b) => b.missing - a.missing)
  const what = `${countOf(missing, 'trade is missing', 'trades are missing')} by number`
  if (!first) return what
  const { first: from, last: to } = first.numbers
  const range = from === to ? `number ${from}` : `numbers ${from} to ${to}`
  return `${what}: ${others.length > 0 ? 'most of them ' : ''}${range} (${first.reason})`
}
