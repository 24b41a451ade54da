import { type Compression, type SegmentFormat, textFormat } from './format.ts'

const NEWLINE = Buffer.from('\n')

/** One record a line, as it was appended to the stream. */
export const ndjson = (compression: Compression): SegmentFormat =>
  textFormat('ndjson', compression, async function* (_type, lines) {
    for await (const some of lines) yield Buffer.concat(some.flatMap((line) => [line, NEWLINE]))
  })

/** One array of records, as they were appended to the stream. */
export const json = (compression: Compression): SegmentFormat =>
  textFormat('json', compression, async function* (_type, lines) {
    let before = '[\n'
    for await (const some of lines)
      for (const line of some) {
        yield before
        yield line
        before = ',\n'
      }
    yield before === '[\n' ? '[]\n' : '\n]\n'
  })
