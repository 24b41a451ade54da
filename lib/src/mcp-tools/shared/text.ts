/** Rows as short lines, a header first; what is absent is left empty. */
export function table(
  rows: readonly Record<string, unknown>[],
  columns: readonly string[],
  next: string | undefined,
  nothing: string,
): string {
  if (rows.length === 0) return nothing
  const lines = rows.map((row) => columns.map((column) => String(row[column] ?? '')).join(' | '))
  return [columns.join(' | '), ...lines, ...(next ? [`more: pass after: "${next}"`] : [])].join('\n')
}
