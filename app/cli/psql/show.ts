import type pg from 'pg'
import { countOf, escapeHiddenInLines } from '../../../lib/src/base/types/index.ts'
import type { Output } from '../output.ts'
import { type Column, printTable } from '../text/table.ts'
import type { Answer } from './Connection.ts'

const NUMERIC = 1700
/** Type OIDs of whole numbers and floats. */
const NUMBERS: ReadonlySet<number> = new Set([20, 21, 23, 26, 700, 701])

/** Prints an answer for people. @param expanded each row as lines of column and value */
export async function showAnswer(out: Output, answer: Answer, expanded: boolean): Promise<void> {
  const { columns, rows, command, more } = answer
  if (columns.length === 0) return out.line(command)
  if (expanded) await showExpanded(out, answer)
  else await printTable(out, columns.map(columnAt), rows)
  const count = more
    ? `the first ${countOf(rows.length, 'row')}; for all of them: psql's \\copy, or the CSV of /api/v1`
    : countOf(rows.length, 'row')
  await out.line(out.style('dim', `(${count})`))
}

const columnAt = ({ name, type }: Answer['columns'][number], at: number): Column<readonly (string | null)[]> => ({
  title: name,
  cell: (row) => row[at] ?? '',
  kind: type === NUMERIC ? 'figure' : NUMBERS.has(type) ? 'right' : 'text',
})

async function showExpanded(out: Output, { columns, rows }: Answer): Promise<void> {
  const width = Math.max(0, ...columns.map(({ name }) => name.length))
  for (const [i, row] of rows.entries()) {
    await out.line(out.style('dim', `-- row ${i + 1}`))
    for (const [at, { name }] of columns.entries()) await out.line(escapeHiddenInLines(`${name.padEnd(width)}  ${row[at] ?? ''}`))
  }
}

/** Prints an error of the server with its detail, hint and position in the statement. */
export async function showError(err: Output, error: Error, sql: string): Promise<void> {
  const { detail, hint, position } = error as pg.DatabaseError
  await err.line(`${err.style('red', 'error:')} ${escapeHiddenInLines(error.message)}`)
  if (position !== undefined) {
    const before = [...sql].slice(0, Number(position) - 1).join('')
    const from = before.lastIndexOf('\n') + 1
    await err.line(`  ${escapeHiddenInLines(sql.slice(from).split('\n', 1)[0] ?? '')}`)
    await err.line(`  ${' '.repeat(before.length - from)}^`)
  }
  for (const more of [detail, hint]) if (more) await err.line(err.style('dim', `  ${escapeHiddenInLines(more)}`))
}
