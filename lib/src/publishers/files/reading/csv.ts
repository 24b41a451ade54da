/**
 * The cells of a CSV row (RFC 4180: a cell with the delimiter, a line end or a doubled quote is quoted). Undefined if a quoted cell is
 * still open: the row continues on the next line.
 */
export function splitCsv(row: string, delimiter: string): string[] | undefined {
  if (!row.includes('"')) return row.split(delimiter)
  const cells: string[] = []
  let at = 0
  for (;;) {
    if (row[at] !== '"') {
      const end = row.indexOf(delimiter, at)
      cells.push(end < 0 ? row.slice(at) : row.slice(at, end))
      if (end < 0) return cells
      at = end + 1
      continue
    }
    let cell = ''
    let from = at + 1
    for (;;) {
      const quote = row.indexOf('"', from)
      if (quote < 0) return undefined
      cell += row.slice(from, quote)
      at = quote + 1
      if (row[at] !== '"') break
      cell += '"'
      from = at + 1
    }
    // Text between a closing quote and the delimiter is kept.
    const end = row.indexOf(delimiter, at)
    cells.push(cell + (end < 0 ? row.slice(at) : row.slice(at, end)))
    if (end < 0) return cells
    at = end + 1
  }
}
