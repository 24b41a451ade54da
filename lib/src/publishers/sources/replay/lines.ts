import { isUtf8 } from 'node:buffer'
import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { createGunzip } from 'node:zlib'
import { errorMessage, QiError } from '../../../base/index.ts'

export interface Line {
  /** The first is 1. */
  readonly number: number
  /** Without its end. */
  readonly text: string
  /** Set where the text is not the line: it is no UTF-8, or too long to be held. */
  readonly problem?: string
}

const LONGEST = 64 * 1024 * 1024
const NEWLINE = 0x0a

/**
 * The lines of a file, unpacked where it ends with .gz, as many at a time as a chunk holds; in memory bounded by the longest line.
 * @throws QiError BAD_DATA where the archive is broken, NOT_FOUND or FORBIDDEN where the file cannot be read
 */
export async function* readLines(path: string, signal: AbortSignal): AsyncGenerator<readonly Line[]> {
  const file = createReadStream(path, { highWaterMark: 256 * 1024, signal })
  const source = path.endsWith('.gz') ? file.pipe(createGunzip({ chunkSize: 256 * 1024 })) : file
  // pipe() passes no failures on.
  if (source !== file) file.on('error', (error) => source.destroy(error))
  let number = 0
  let pending: Buffer[] = []
  let length = 0
  let skipping = false
  const take = (rest: Buffer): Line => {
    const bytes = pending.length > 0 ? Buffer.concat([...pending, rest]) : rest
    pending = []
    length = 0
    number++
    if (skipping) {
      skipping = false
      return { number, text: bytes.toString('utf8', 0, 1000), problem: `the line is longer than ${LONGEST} bytes` }
    }
    return lineOf(number, bytes)
  }
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      const lines: Line[] = []
      let start = 0
      for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
        lines.push(take(chunk.subarray(start, end)))
        start = end + 1
      }
      if (start < chunk.length && !skipping) {
        pending.push(chunk.subarray(start))
        length += chunk.length - start
        // Of a line without an end only the beginning is kept.
        if (length > LONGEST) {
          skipping = true
          pending = [Buffer.concat(pending).subarray(0, 1000)]
        }
      }
      if (lines.length > 0) yield lines
    }
    if (length > 0) yield [take(Buffer.alloc(0))]
  } catch (error) {
    if (signal.aborted) return
    throw failure(path, error)
  } finally {
    file.destroy()
  }
}

function lineOf(number: number, bytes: Buffer): Line {
  const end = bytes.at(-1) === 0x0d ? bytes.length - 1 : bytes.length
  const text = bytes.toString('utf8', number === 1 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0, end)
  if (text.includes('\uFFFD') && !isUtf8(bytes)) return { number, text, problem: 'the line is not UTF-8' }
  return { number, text }
}

function failure(path: string, error: unknown): QiError {
  const code = (error as NodeJS.ErrnoException).code ?? ''
  const at = `${basename(path)}: ${errorMessage(error)}`
  if (code === 'ENOENT') return new QiError('NOT_FOUND', at, { cause: error })
  if (code === 'EACCES' || code === 'EPERM' || code === 'EISDIR') return new QiError('FORBIDDEN', at, { cause: error })
  return new QiError('BAD_DATA', at, { cause: error })
}
