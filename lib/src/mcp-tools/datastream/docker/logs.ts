import type { Readable } from 'node:stream'
import { type LogLine, QiError, type ServiceLogs } from '../../../base/types/index.ts'

/**
 * The lines of an answer to `/containers/ID/logs?timestamps=1`. Output comes in frames of its two streams: a byte that says which,
 * three zeros, the length in four bytes, then so much of it; a line may be spread over frames.
 */
export async function* logLines(body: Readable): AsyncGenerator<LogLine> {
  const open = { stdout: '', stderr: '' }
  let held: Buffer = Buffer.alloc(0)
  for await (const chunk of body) {
    held = held.length === 0 ? (chunk as Buffer) : Buffer.concat([held, chunk as Buffer])
    let at = 0
    for (; held.length >= at + 8; ) {
      const end = at + 8 + held.readUInt32BE(at + 4)
      if (held.length < end) break
      const stream = held[at] === 2 ? 'stderr' : 'stdout'
      const lines = (open[stream] + held.toString('utf8', at + 8, end)).split('\n')
      open[stream] = lines.pop() as string
      for (const line of lines) yield asLine(stream, line)
      at = end
    }
    held = held.subarray(at)
  }
  for (const stream of ['stdout', 'stderr'] as const) if (open[stream]) yield asLine(stream, open[stream])
}

const asLine = (stream: LogLine['stream'], text: string): LogLine => {
  const space = text.indexOf(' ')
  return { time: text.slice(0, space), stream, line: visible(text.slice(space + 1)) }
}

/** Removes colours and other terminal codes. */
const visible = (text: string): string =>
  text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is taken out
    .replace(/\x1b\[[0-9;?]*[ -/]*[@-~]/g, '')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is taken out
    .replace(/[\x00-\x08\x0b-\x1f\x7f]/g, '')

/** A position between two lines: a time, and how many lines of that time follow. */
export interface Place {
  readonly time: string
  readonly after: number
}

/** @throws QiError BAD_REQUEST for an invalid position */
export function placeOf(before: string): Place {
  const [, time, after] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z)\/(\d{1,6})$/.exec(before) ?? []
  if (time && after && !Number.isNaN(Date.parse(time))) return { time, after: Number(after) }
  throw new QiError(
    'BAD_REQUEST',
    `after: "${before.slice(0, 40)}" is not the \`next\` of a page of logs; leave it out to begin with the newest lines`,
    { field: 'after' },
  )
}

/** Seconds and nanoseconds, as the engine takes a time. */
export const untilOf = ({ time }: Place): string => {
  const fraction = /\.(\d+)Z$/.exec(time)?.[1] ?? ''
  return `${Math.floor(Date.parse(time) / 1000)}.${fraction.padEnd(9, '0')}`
}

/** The last lines before a place, of lines that reach up to its time; no more than these are kept in memory. */
export async function lastBefore(lines: AsyncIterable<LogLine>, most: number, place: Place | undefined): Promise<ServiceLogs> {
  const after = place?.after ?? 0
  const kept: LogLine[] = []
  // One more than asked for tells whether there are older ones.
  for await (const line of lines) if (kept.push(line) > most + after + 1) kept.shift()
  const before = after > 0 ? kept.slice(0, -after) : kept
  const page = before.slice(-most)
  return before.length > most ? { lines: page, older: placeBefore(page, place) } : { lines: page }
}

/** Where a page of lines begins, of those before a place. */
export function placeBefore(page: readonly LogLine[], place: Place | undefined): string {
  const time = page[0]?.time ?? ''
  const same = page.filter((line) => line.time === time).length
  return `${time}/${same + (place?.time === time ? place.after : 0)}`
}
