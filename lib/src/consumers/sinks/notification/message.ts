import type { Kind, Notice } from '../../../base/alerts/index.ts'
import { type Alert, countOf, formatTime } from '../../../base/types/index.ts'

/** A message as text; each channel formats it. */
export interface Message {
  readonly title: string
  readonly lines: readonly string[]
  readonly severity: Alert['severity']
}

/** Most alerts with a line of their own in one message. */
const MOST_NAMED = 20

const ORDER: readonly Alert['severity'][] = ['info', 'warning', 'critical']
const WORDS: Readonly<Record<Kind, string>> = {
  raised: 'raised',
  reminder: 'still active',
  cleared: 'cleared',
  over: 'raised and over again',
}

/** The message about alerts: one alert with its details, or a line for each of several. */
export function messageOf(notices: readonly Notice[]): Message {
  const [first] = notices
  const severity = notices
    .map(({ alert }) => alert.severity)
    .reduce((a, b) => (ORDER.indexOf(b) > ORDER.indexOf(a) ? b : a), 'info')
  if (first !== undefined && notices.length === 1) return { title: titleOf(first), lines: linesOf(first), severity }
  const counts = (['raised', 'reminder', 'cleared', 'over'] as const)
    .map((kind) => [notices.filter((one) => one.kind === kind).length, WORDS[kind]] as const)
    .filter(([count]) => count > 0)
    .map(([count, word]) => `${count} ${word}`)
  const named = notices.slice(0, MOST_NAMED).map((one) => `${titleOf(one)}: ${one.alert.message}`)
  const rest = notices.length - named.length
  return {
    title: `${countOf(notices.length, 'alert')}: ${counts.join(', ')}`,
    lines: rest > 0 ? [...named, `and ${rest} more`] : named,
    severity,
  }
}

function titleOf({ kind, alert: { severity, coinId, name, origin } }: Notice): string {
  const mark = origin === 'live' ? '' : `[${origin}] `
  return `${mark}[${severity}] ${coinId}: ${name}${kind === 'raised' ? '' : ` (${WORDS[kind]})`}`
}

function linesOf({ kind, alert }: Notice): readonly string[] {
  const { message, time, clearedAt, source, currency, raisedBy, asOf } = alert
  const since = formatTime(time)
  const when =
    clearedAt === undefined
      ? kind === 'reminder'
        ? `active since ${since}`
        : `raised at ${since}, by data of ${formatTime(asOf)}`
      : `active from ${since} to ${formatTime(clearedAt)}`
  return [message, when, `source ${source}, in ${currency}, watched by ${raisedBy}`]
}

/** Cuts a text to the limit of a channel, with an ellipsis. @param most UTF-16 code units */
export function within(text: string, most: number): string {
  if (text.length <= most) return text
  const cut = text.slice(0, most - 2)
  return `${cut.isWellFormed() ? cut : cut.slice(0, -1)} …`
}
