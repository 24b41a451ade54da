import type { Output } from '../output.ts'

export type CsvRow = Readonly<Record<string, unknown>>

/** Fields that need quotes. Some readers drop a blank at either end of a field without quotes. */
const QUOTED = /[",\r\n]|^\s|\s$/

/**
 * Prints rows by RFC 4180 below a head line, with the names of `--json`. Figures have all their digits, a list or an object is JSON, and an
 * absent value is an empty field.
 */
export async function printCsv(out: Output, columns: readonly string[], rows: readonly CsvRow[]): Promise<void> {
  const print = await startCsv(out, columns)
  for (const row of rows) await print(row)
}

/** Prints the head line. @returns prints one row, as {@link printCsv} does */
export async function startCsv(out: Output, columns: readonly string[]): Promise<(row: CsvRow) => Promise<void>> {
  await out.text(lineOf(columns))
  return (row) => out.text(lineOf(columns.map((name) => row[name])))
}

/** Prints several tables as one: the column `section` names the table of each row. */
export async function printSections(
  out: Output,
  sections: Readonly<Record<string, readonly [columns: readonly string[], rows: readonly CsvRow[]]>>,
): Promise<void> {
  const columns = new Set(['section', ...Object.values(sections).flatMap(([names]) => names)])
  const rows = Object.entries(sections).flatMap(([section, [, own]]) => own.map((row) => ({ ...row, section })))
  await printCsv(out, [...columns], rows)
}

const lineOf = (cells: readonly unknown[]): string => `${cells.map(cellOf).join(',')}\r\n`

function cellOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  const text = value instanceof Date ? value.toISOString() : typeof value === 'object' ? JSON.stringify(value) : String(value)
  return QUOTED.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
