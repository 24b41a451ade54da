import { labelOf, type Member } from '../input/members.ts'
import { type Line, readLines } from '../reading/lines.ts'
import { Batches, type Gathered } from '../rows/batches.ts'
import type { FileIdentity } from '../rows/identity.ts'
import type { LineParser } from '../rows/parser.ts'
import { readRows } from '../rows/readRows.ts'

/** Most records of one batch. */
const BATCH = 1000

export interface LineReading {
  readonly parser: LineParser
  readonly identity?: FileIdentity
  readonly skip?: number
  readonly signal: AbortSignal
}

/** The records of a text, in batches, from a line on. */
export async function* lineRows(member: Member, from: number, reading: LineReading): AsyncGenerator<Gathered> {
  const batches = new Batches()
  try {
    const lines = linesOf(member, reading.signal)
    for await (const rows of readRows({ name: labelOf(member), lines, ...reading, from })) {
      for (const { line, batches: read } of rows) {
        batches.add(read, line)
        if (batches.size >= BATCH) yield* batches.drain()
      }
    }
  } catch (error) {
    // The records before the failure are valid.
    yield* batches.drain()
    throw error
  }
  yield* batches.drain()
}

/** The first lines that are not empty. */
export async function firstLines(member: Member, count: number, signal: AbortSignal): Promise<readonly string[]> {
  const found: string[] = []
  for await (const lines of linesOf(member, signal)) {
    for (const { text } of lines) if (text.trim() !== '' && found.length < count) found.push(text)
    if (found.length === count) break
  }
  return found
}

const linesOf = (member: Member, signal: AbortSignal): AsyncIterable<readonly Line[]> =>
  readLines({ name: labelOf(member), bytes: member.bytes(signal), remedy: () => REMEDY }, signal)

const REMEDY = 'the lines before it are imported; get the file again, and import it again for the rest'
