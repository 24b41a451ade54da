import { QiError, readAskedTime, type Stream, toQiError } from '../../../lib/src/base/types/index.ts'
import { type GoneRange, goneMessage } from './gone.ts'
import type { ServerMessage } from './messages.ts'
import { Place } from './Place.ts'
import { isToken, readToken } from './resume.ts'

/** The starting point that a client asks for: a resume token, or a time. */
export interface From {
  readonly text: string
  /** Name of the field for errors. */
  readonly field: string
}

/** The starting point of a feed. */
export interface Start {
  readonly place: Place
  /** When the last record before it was appended, in milliseconds since 1970; 0: unknown. */
  readonly time: number
  /** Message about records that are not in the stream any more. */
  readonly gone?: ServerMessage
}

/**
 * Finds the place for a token or a time.
 * @throws QiError BAD_REQUEST naming the field, for a token of another channel or stream, and for an invalid or future time
 */
export async function findStart(stream: Stream, channel: string, topic: string, { text, field }: From): Promise<Start> {
  const [described] = await stream.describeTopics([topic])
  if (!described) throw new QiError('NOT_FOUND', `the stream has no topic ${topic} yet`, { field: 'channel' })
  const end = Place.endOf(channel, described)
  const token = isToken(text)
  const { offsets, time } = token ? readToken(text, field, end) : await placeAt(stream, end, text, field)
  const gone: GoneRange[] = []
  const held = described.partitions.map(({ partition, earliest }) => {
    const offset = offsets[partition] ?? 0n
    if (token && earliest > offset) gone.push({ partition, from: offset, to: earliest })
    // The search by time ends at the earliest record: dropped records before it may be from that time on.
    if (!token && earliest > 0n && earliest === offset) gone.push({ partition, to: earliest })
    return earliest > offset ? earliest : offset
  })
  return { place: end.at(held), time, ...(gone.length > 0 && { gone: goneMessage(channel, gone, time) }) }
}

async function placeAt(
  stream: Stream,
  end: Place,
  text: string,
  field: string,
): Promise<{ readonly offsets: readonly bigint[]; readonly time: number }> {
  const time = readTime(text, field) / 1000
  if (time > Date.now())
    throw new QiError('BAD_REQUEST', `${field} "${text}" lies in the future: give a past time, or leave it out for new records`, {
      field,
    })
  const found = await stream.positionsAt([end.topic], time)
  const offsets = end.offsets.map((latest, partition) => found.find((at) => at.partition === partition)?.offset ?? latest)
  return { offsets, time }
}

function readTime(text: string, field: string): number {
  try {
    return readAskedTime(text)
  } catch (failure) {
    throw new QiError('BAD_REQUEST', `${field}: ${toQiError(failure).message}, and no "resume" of a message`, { field })
  }
}
