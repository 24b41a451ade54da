import { MANUAL, quoted } from '../../base/types/index.ts'

/** An id, a figure or a time: one word without separators of cells or rows. */
const PLAIN = /^[^\s|"\\\p{C}\p{Z}\p{DI}]{1,80}$/u

/** A value in a line of text. Foreign text is quoted, so that it cannot pass for ours or forge a row. */
export function cell(value: unknown): string {
  const text = String(value ?? '')
  return text === '' || PLAIN.test(text) ? text : quoted(text)
}

/** A foreign line, such as an error of a server or a line of a log, in quotation marks. */
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
