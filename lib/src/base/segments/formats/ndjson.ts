import { type Compression, linesOf, type SegmentFormat, textFormat, wholeLines } from './format.ts'

const COMMA = 44

/** One record a line, with its bytes as they were streamed. */
export function ndjson(compression: Compression): SegmentFormat {
  const packed = textFormat(
    { extension: 'ndjson', texts: (_type, pieces) => pieces, records: (_type, file) => wholeLines(file) },
    compression,
  )
  return compression === 'none' ? { ...packed, write: (_type, records, path) => records.store(path) } : packed
}

/** One array of records, with their bytes as they were streamed. */
export const json = (compression: Compression): SegmentFormat =>
  textFormat(
    {
      extension: 'json',
      texts: async function* (_type, pieces) {
        let before = '[\n'
        for await (const piece of pieces)
          for (const line of linesOf(piece)) {
            yield before
            yield line
            before = ',\n'
          }
        yield before === '[\n' ? '[]\n' : '\n]\n'
      },
      records: async function* (_type, file) {
        let ended = false
        for await (const piece of wholeLines(file)) {
          const out: Buffer[] = []
          for (const line of linesOf(piece)) {
            if (BRACKETS.includes(line.toString('latin1', 0, 3))) ended = line.at(-1) === CLOSE
            else out.push(line.at(-1) === COMMA ? line.subarray(0, -1) : line, LINE_END)
          }
          if (out.length > 0) yield Buffer.concat(out)
        }
        if (!ended) throw new SyntaxError('the array does not end')
      },
    },
    compression,
  )

/** Lines this short are brackets of the array: a record is longer. */
const BRACKETS: readonly string[] = ['[', ']', '[]']
const CLOSE = 0x5d
const LINE_END = Buffer.from('\n')
