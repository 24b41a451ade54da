import { stripVTControlCharacters } from 'node:util'
import Table from 'cli-table3'
import { escapeHidden, quoted } from '../../../lib/src/base/types/index.ts'
import type { Output, Style } from '../output.ts'
import { alignPoints } from './decimals.ts'

export interface Column<Row> {
  readonly title: string
  readonly cell: (row: Row) => string | undefined
  /** `figure`: to the right, points below one another. */
  readonly kind?: 'text' | 'figure' | 'right'
  /** Left out where the terminal is too narrow, the last first. */
  readonly optional?: boolean
  readonly style?: (row: Row) => Style | undefined
}

const NO_LINES = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
}

/** Rows below a head line. Cells are never cut; a terminal that is too narrow loses columns that can be missed, and says which. */
export async function printTable<Row>(
  out: Output,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): Promise<readonly string[]> {
  let shown = columns.filter((column) => !column.optional || rows.some((row) => column.cell(row)))
  const hidden: string[] = []
  for (;;) {
    const lines = render(out, shown, rows)
    const dispensable = shown.findLastIndex((column) => column.optional)
    if (
      dispensable < 0 ||
      out.width === undefined ||
      lines.every((line) => stripVTControlCharacters(line).length <= (out.width ?? 0))
    ) {
      for (const line of lines) await out.line(line)
      return hidden
    }
    hidden.unshift((shown[dispensable] as Column<Row>).title.toLowerCase())
    shown = shown.filter((_, i) => i !== dispensable)
  }
}

/** Columns are two blanks apart: a text that could pass for several stands between quotation marks. */
const shown = (text: string): string => (/^\s|\s$|\s\s/.test(text) ? quoted(text) : escapeHidden(text))

function render<Row>(out: Output, columns: readonly Column<Row>[], rows: readonly Row[]): string[] {
  const table = new Table({
    head: columns.map(({ title }) => out.style('dim', title.toUpperCase())),
    chars: NO_LINES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: columns.map(({ kind = 'text' }) => (kind === 'text' ? 'left' : 'right')),
  })
  const cells = columns.map(({ cell, kind, style }) => {
    const texts = rows.map((row) => shown(cell(row) ?? ''))
    return (kind === 'figure' ? alignPoints(texts) : texts).map((text, i) => {
      const chosen = style?.(rows[i] as Row)
      return chosen ? out.style(chosen, text) : text
    })
  })
  for (const i of rows.keys()) table.push(cells.map((column) => column[i] as string))
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
}
