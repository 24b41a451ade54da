/** Longest `retry-after` that is obeyed, in milliseconds: an hour. */
export const MAX_PENALTY_MS = 3_600_000

/** Headers of an answer by their lower-case names. */
export interface AnswerHeaders {
  get(name: string): string | null | undefined
}

/** The three forms of RFC 9110, section 5.6.7. */
const HTTP_DATE =
  /^(?:[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT|[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4})$/

/**
 * The wait of the header `retry-after` in milliseconds, at most {@link MAX_PENALTY_MS}. A date counts from the answer's own `date`,
 * because the clocks may differ; without one from `now`, in milliseconds since 1970.
 * @returns undefined if it is absent, past, or neither seconds nor a date
 */
export function retryAfterOf(headers: AnswerHeaders, now: number = Date.now()): number | undefined {
  const asked = headers.get('retry-after')?.trim()
  if (!asked) return undefined
  const ms = /^\d+(\.\d+)?$/.test(asked)
    ? Number(asked) * 1000
    : (timeOf(asked) ?? Number.NaN) - (timeOf(headers.get('date')) ?? now)
  return ms >= 0 ? Math.min(ms, MAX_PENALTY_MS) : undefined
}

function timeOf(date: string | null | undefined): number | undefined {
  const text = date?.trim()
  if (!text || !HTTP_DATE.test(text)) return undefined
  const time = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`)
  return Number.isNaN(time) ? undefined : time
}
