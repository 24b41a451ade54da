import { isAscii } from 'node:buffer'
import { createReadStream } from 'node:fs'
import { errorMessage, QiError } from '../../../base/types/index.ts'
import { isGzip, problemOf, unreadable } from './encoding.ts'
import { gunzipped } from './unpack.ts'

export interface Line {
  /** The first is 1. */
  readonly number: number
  /** Without its end. */
  readonly text: string
  /** Set if the text is not the true line, such as `is not UTF-8`. */
  readonly problem?: string
}

/** Longest line, in bytes. */
const LONGEST = 64 * 1024 * 1024
/** Bytes kept of a longer line. */
const KEPT = 1000
const NEWLINE = 0x0a
const RETURN = 0x0d

/** The text of one file, or of one member of an archive. */
export interface Text {
  /** Name for messages, without folders. */
  readonly name: string
  /** Its bytes; unpacked here if they are gzip. */
  readonly bytes: AsyncIterable<Buffer>
  /** The next step after a failure at a line, for its message. */
  readonly remedy: (line: number) => string
}

/**
 * The lines of a text, as many at a time as a chunk holds. Memory is bounded by the longest line. The readable part of a broken archive
 * comes before the error.
 * @throws QiError BAD_DATA with the line where an archive breaks, or with the format of a file that is no text; NOT_FOUND or FORBIDDEN
 * if it cannot be read
 */
export async function* readLines(text: Text, signal: AbortSignal): AsyncGenerator<readonly Line[]> {
  const splitter = new Splitter()
  try {
    for await (const chunk of unpacked(text)) {
      const lines = splitter.split(chunk)
      if (lines.length > 0) yield lines
    }
    const last = splitter.end()
    if (last) yield [last]
  } catch (error) {
    if (signal.aborted) return
    throw failure(text, splitter.next, error)
  }
}

/** The bytes of a file on disk. */
export const fileBytes = (path: string, signal: AbortSignal): AsyncIterable<Buffer> =>
  createReadStream(path, { highWaterMark: 64 * 1024, signal })

/** The text, chunk by chunk. @throws QiError BAD_DATA for a file that is no text */
async function* unpacked({ name, bytes }: Text): AsyncGenerator<Buffer> {
  const chunks = bytes[Symbol.asyncIterator]()
  try {
    const first = await chunks.next()
    if (first.done) return
    const all = (async function* () {
      yield first.value
      for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value
    })()
    const text = isGzip(first.value) ? gunzipped(all) : all
    let begun = false
    for await (const chunk of text) {
      const what = begun ? undefined : unreadable(chunk)
      if (what) throw new QiError('BAD_DATA', `${name} ${what}`)
      begun = true
      yield chunk
    }
  } finally {
    await chunks.return?.()
  }
}

/** Cuts chunks of bytes into lines. */
class Splitter {
  #number = 0
  #pending: Buffer[] = []
  #length = 0
  #skipping = false

  /** Number of the next line. */
  get next(): number {
    return this.#number + 1
  }

  split(chunk: Buffer): Line[] {
    const lines: Line[] = []
    // Nothing can be wrong with a line of plain characters, which is nearly every one.
    const plain = isAscii(chunk) && !chunk.includes(0)
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      if (plain && this.#length === 0) {
        const text = chunk.toString('latin1', start, end > start && chunk[end - 1] === RETURN ? end - 1 : end)
        lines.push({ number: ++this.#number, text })
      } else lines.push(this.#take(chunk.subarray(start, end)))
      start = end + 1
    }
    if (start < chunk.length && !this.#skipping) {
      this.#pending.push(chunk.subarray(start))
      this.#length += chunk.length - start
      // Only the beginning of a line that is too long is kept.
      if (this.#length > LONGEST) {
        this.#skipping = true
        this.#pending = [Buffer.from(Buffer.concat(this.#pending).subarray(0, KEPT))]
      }
    }
    return lines
  }

  /** The last line, if the file does not end with a line end. */
  end(): Line | undefined {
    return this.#length > 0 ? this.#take(Buffer.alloc(0)) : undefined
  }

  #take(rest: Buffer): Line {
    const skipped = this.#skipping
    const bytes = skipped
      ? (this.#pending[0] as Buffer)
      : this.#pending.length > 0
        ? Buffer.concat([...this.#pending, rest])
        : rest
    this.#pending = []
    this.#length = 0
    this.#skipping = false
    const number = ++this.#number
    if (!skipped) return lineOf(number, bytes)
    return { number, text: bytes.toString('utf8'), problem: `is longer than ${LONGEST} bytes` }
  }
}

function lineOf(number: number, bytes: Buffer): Line {
  const end = bytes.at(-1) === RETURN ? bytes.length - 1 : bytes.length
  const text = bytes.toString('utf8', number === 1 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0, end)
  const problem = problemOf(bytes, text)
  return problem === undefined ? { number, text } : { number, text, problem }
}

/** Classifies a failure. The lines before it were read. */
function failure({ name, remedy }: Text, line: number, error: unknown): QiError {
  if (error instanceof QiError) return error
  const code = (error as NodeJS.ErrnoException).code ?? ''
  if (code === 'ENOENT') return new QiError('NOT_FOUND', `${name}: ${errorMessage(error)}`, { cause: error })
  if (code === 'EACCES' || code === 'EPERM' || code === 'EISDIR')
    return new QiError('FORBIDDEN', `${name}: ${errorMessage(error)}`, { cause: error })
  return new QiError('BAD_DATA', `${name}:${line}: ${errorMessage(error)}; ${remedy(line)}`, { cause: error })
}
