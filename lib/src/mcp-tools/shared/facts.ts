import type { AnswerFacts } from '../../base/agent/index.ts'
import { countOf, quoted } from '../../base/types/index.ts'

/** For lists with a next page. */
export const morePages = (next: string | undefined): string | undefined =>
  next === undefined ? undefined : `more: pass after: ${quoted(next)}`

/** For lists of which only some items are shown. */
export const someOf = (shown: number, all: number, what: string, how: string): string | undefined =>
  shown < all ? `${shown} of ${countOf(all, what)}: ${how}` : undefined

export const partialOf = (partial: number, what = 'closed candle'): string | undefined =>
  partial > 0 ? `${countOf(partial, what)} partly covered` : undefined

/** Facts of a list of records. */
export const recordFacts = (
  records: readonly Readonly<Record<string, unknown>>[],
  ...missing: readonly (string | undefined)[]
): AnswerFacts => ({
  times: records.map(({ time }) => (typeof time === 'string' ? time : undefined)),
  from: records,
  missing,
})
