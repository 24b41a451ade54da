import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { QiError } from '../../../lib/src/base/types/index.ts'
import { channelNames } from './channels.ts'
import type { Place } from './Place.ts'
import { MOST_TOKEN, TOKEN_START } from './token.ts'

const CHANNEL_BYTES = 3
const TOPIC_BYTES = 5
const TIME_BYTES = 6
const CHECK_BYTES = 4
const HEAD_BYTES = CHANNEL_BYTES + TOPIC_BYTES + TIME_BYTES

const mark = (text: string, bytes: number): Buffer => createHash('sha256').update(text).digest().subarray(0, bytes)
const channelMark = (channel: string): Buffer => mark(channel, CHANNEL_BYTES)
const topicMark = ({ topic, topicId }: Pick<Place, 'topic' | 'topicId'>): Buffer => mark(`${topic}\0${topicId}`, TOPIC_BYTES)

/**
 * Makes resume tokens of a place that advances in one partition. A token has channel, topic and time of the last record, then the offsets as
 * varints, then a checksum, in base64url: some fifty characters for six partitions.
 */
export class ResumeTokens {
  readonly #bytes: Buffer
  readonly #at: number
  readonly #behind: Buffer

  constructor(place: Place, partition = 0) {
    const { offsets } = place
    this.#bytes = Buffer.alloc(HEAD_BYTES + 5 + 8 * (offsets.length + 1) + CHECK_BYTES)
    channelMark(place.channel).copy(this.#bytes)
    topicMark(place).copy(this.#bytes, CHANNEL_BYTES)
    let at = varint(this.#bytes, HEAD_BYTES, offsets.length)
    for (const offset of offsets.slice(0, partition)) at = varint(this.#bytes, at, Number(offset))
    this.#at = at
    const behind = Buffer.alloc(8 * offsets.length)
    let length = 0
    for (const offset of offsets.slice(partition + 1)) length = varint(behind, length, Number(offset))
    this.#behind = behind.subarray(0, length)
  }

  /**
   * @param offset of the next record of the partition
   * @param time when the last record was appended, in milliseconds since 1970; 0 if none was read
   */
  at(offset: bigint, time: number): string {
    const bytes = this.#bytes
    bytes.writeUIntBE(Math.max(0, Math.floor(time)), CHANNEL_BYTES + TOPIC_BYTES, TIME_BYTES)
    let end = varint(bytes, this.#at, Number(offset))
    end += this.#behind.copy(bytes, end)
    end = bytes.writeUInt32BE(crc32(bytes.subarray(0, end)), end)
    return TOKEN_START + bytes.toString('base64url', 0, end)
  }
}

/** The token of a place. @param time as in {@link ResumeTokens.at} */
export const tokenOfPlace = (place: Place, time = 0): string => new ResumeTokens(place).at(place.offsets[0] ?? 0n, time)

export const isToken = (text: string): boolean => text.startsWith(TOKEN_START)

export interface Resumed {
  readonly offsets: readonly bigint[]
  /** When the last record was appended, in milliseconds since 1970; 0: unknown. */
  readonly time: number
}

/**
 * Reads a resume token.
 * @param current the end of the channel that the token must belong to
 * @throws QiError BAD_REQUEST naming the field, if the token is damaged or belongs to another channel or stream
 */
export function readToken(token: string, field: string, current: Place): Resumed {
  const refuse = (why: string, remedy: string): never => {
    throw new QiError('BAD_REQUEST', `${field} "${token.slice(0, 20)}…": ${why}; ${remedy}`, { field })
  }
  const remedy = 'leave it out and ask for a snapshot ("snapshot": true), or name a time'
  const bytes = Buffer.from(token.slice(TOKEN_START.length), 'base64url')
  const body = bytes.length - CHECK_BYTES
  const whole =
    token.length <= MOST_TOKEN &&
    body > HEAD_BYTES &&
    bytes.toString('base64url') === token.slice(TOKEN_START.length) &&
    bytes.readUInt32BE(body) === crc32(bytes.subarray(0, body))
  const read = whole ? readOffsets(bytes.subarray(HEAD_BYTES, body)) : undefined
  if (!read) return refuse('this resume token was cut or changed', 'send the last "resume" of a message unchanged')
  const channel = bytes.subarray(0, CHANNEL_BYTES)
  if (!channel.equals(channelMark(current.channel))) {
    const other = channelNames.find((name) => channelMark(name).equals(channel))
    return refuse(
      `this resume token belongs to ${other === undefined ? 'an unknown channel' : `the channel ${other}`}`,
      `send one of ${current.channel}`,
    )
  }
  const ahead = read.some((offset, partition) => offset > (current.offsets[partition] ?? 0n))
  if (!bytes.subarray(CHANNEL_BYTES, CHANNEL_BYTES + TOPIC_BYTES).equals(topicMark(current)) || ahead)
    return refuse('this resume token belongs to another stream, or to a deleted topic', remedy)
  return { offsets: read, time: bytes.readUIntBE(CHANNEL_BYTES + TOPIC_BYTES, TIME_BYTES) }
}

/** The offsets; undefined if their number differs from the one stated. */
function readOffsets(bytes: Buffer): bigint[] | undefined {
  const numbers: number[] = []
  for (let at = 0, value = 0, scale = 1; at < bytes.length; at++) {
    const byte = bytes[at] as number
    value += (byte & 0x7f) * scale
    scale *= 128
    if (byte & 0x80) continue
    if (!Number.isSafeInteger(value)) return undefined
    numbers.push(value)
    value = 0
    scale = 1
  }
  const [count, ...offsets] = numbers
  return count === offsets.length ? offsets.map(BigInt) : undefined
}

/** @returns the index after the written bytes */
function varint(bytes: Buffer, at: number, value: number): number {
  let rest = value
  let end = at
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes[end++] = (rest % 128) | 0x80
  bytes[end++] = rest
  return end
}
