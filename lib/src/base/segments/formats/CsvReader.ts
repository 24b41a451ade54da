/** Our rows are never longer: a longer one is damage. */
const MOST_CHARACTERS = 1 << 20

/** Parses CSV by RFC 4180 from chunks of bytes, a row at a time. */
export class CsvReader {
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  #text = ''

  /** Ends the file. @throws SyntaxError in the middle of a row */
  end(): void {
    if (this.#text !== '' || this.#utf8.decode() !== '') throw new SyntaxError('the file ends in the middle of a row')
  }

  /** Rows that end in this chunk. @throws SyntaxError for quotes against RFC 4180 */
  *read(chunk: Uint8Array): Generator<string[]> {
    this.#text += this.#utf8.decode(chunk, { stream: true })
    let from = 0
    for (let end = endOfRow(this.#text, from); end >= 0; end = endOfRow(this.#text, from)) {
      yield cellsOf(this.#text.slice(from, end))
      from = end + 2
    }
    this.#text = this.#text.slice(from)
    if (this.#text.length > MOST_CHARACTERS) throw new SyntaxError('a row does not end')
  }
}

/** The end of the row that begins there: the first line end outside of quotes; -1 where there is none yet. */
function endOfRow(text: string, from: number): number {
  for (let at = from; ; ) {
    const end = text.indexOf('\r\n', at)
    const quote = end < 0 ? -1 : text.slice(at, end).indexOf('"')
    if (quote < 0) return end
    // An escaped quote (two quotes) counts as the end of one quoted part and the start of the next.
    const closing = text.indexOf('"', at + quote + 1)
    if (closing < 0) return -1
    at = closing + 1
  }
}

function cellsOf(row: string): string[] {
  if (!row.includes('"')) return row.split(',')
  const cells: string[] = []
  for (let at = 0; at <= row.length; at++) {
    if (row[at] !== '"') {
      const comma = row.indexOf(',', at)
      const end = comma < 0 ? row.length : comma
      cells.push(row.slice(at, end))
      at = end
      continue
    }
    let cell = ''
    for (at++; ; at += 2) {
      const quote = row.indexOf('"', at)
      if (quote < 0) throw new SyntaxError('a quote does not end')
      cell += row.slice(at, quote)
      at = quote
      if (row[at + 1] !== '"') break
      cell += '"'
    }
    at++
    if (at < row.length && row[at] !== ',') throw new SyntaxError('a quote ends in the middle of a cell')
    cells.push(cell)
  }
  return cells
}
