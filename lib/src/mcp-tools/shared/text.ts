import { MANUAL, quoted } from '../../base/index.ts'

/** An id, a figure or a time: one word, with nothing in it that parts the cells of a row or the row from the next. */
const PLAIN = /^[^\s|"\\\p{C}\p{Z}\p{DI}]{1,80}$/u

/** A value in a line of text. Words of others stand between quotation marks, so that they cannot pass for ours or forge a row. */
export function cell(value: unknown): string {
  const text = String(value ?? '')
  return text === '' || PLAIN.test(text) ? text : quoted(text)
}

/** A line of others: an error of a server, a line of a log. Always between quotation marks. */
export const saying = (text: string): string => quoted(text)

/** The mark behind a figure that no provider gave. */
export const markOf = ({ source, simulated, origin }: Marked): string =>
  simulated || origin === 'simulated' ? ' (simulated)' : source === MANUAL ? ' (manual)' : ''

interface Marked {
  readonly source?: unknown
  readonly simulated?: boolean
  readonly origin?: unknown
}

/** Rows as short lines, a header first; what is absent is left empty. */
export function table(
  rows: readonly Record<string, unknown>[],
  columns: readonly string[],
  next: string | undefined,
  nothing: string,
): string {
  if (rows.length === 0) return nothing
  const lines = rows.map((row) => columns.map((column) => cell(row[column])).join(' | '))
  return [columns.join(' | '), ...lines, ...(next ? [`more: pass after: ${quoted(next)}`] : [])].join('\n')
}
