import { type Message, QiError } from '../../../base/types/index.ts'
import { framed } from '../../../base/types/wire/index.ts'

/** A message ready to be sent: its bytes and its partition. */
export interface OutgoingMessage {
  readonly topic: string
  readonly partition: number
  readonly key?: Buffer
  readonly value: Buffer
  readonly headers?: Map<string, string>
  /** Most bytes that it takes in a batch, uncompressed. */
  readonly size: number
}

/** Bytes of a record batch before its records. */
export const BATCH_OVERHEAD = 61
/** Most bytes of the lengths and deltas of a record, and of one of its headers. */
const RECORD_OVERHEAD = 24
const HEADER_OVERHEAD = 10

export interface OutgoingOptions {
  readonly topic: string
  /** The partition of a key; messages without a key are spread. */
  readonly partitionOf: (key: string | null) => number
  /** The broker's limit for a batch of this topic, in bytes. */
  readonly maxBatchBytes: number
  /** Bytes put before each value: the schema id, with a schema registry. */
  readonly frame?: Uint8Array | undefined
}

/** Encodes messages and chooses their partitions. @throws QiError BAD_REQUEST naming the first message that is too large for a batch */
export function toOutgoing(
  messages: readonly Message[],
  { topic, partitionOf, maxBatchBytes, frame }: OutgoingOptions,
): OutgoingMessage[] {
  return messages.map((message, index) => {
    const key = message.key === null ? undefined : Buffer.from(message.key)
    const value = frame ? framed(frame, message.value) : asBuffer(message.value)
    const headers = message.headers && new Map(Object.entries(message.headers))
    let size = RECORD_OVERHEAD + (key?.length ?? 0) + value.length
    if (headers) for (const [name, text] of headers) size += HEADER_OVERHEAD + Buffer.byteLength(name) + Buffer.byteLength(text)
    if (size + BATCH_OVERHEAD > maxBatchBytes)
      throw new QiError(
        'BAD_REQUEST',
        `message ${index} for topic ${topic}${message.key === null ? '' : ` (key "${message.key}")`} takes ${size} bytes, but the broker accepts ${maxBatchBytes - BATCH_OVERHEAD}; split it, or raise max.message.bytes of the topic`,
        { field: `messages[${index}]` },
      )
    return { topic, partition: partitionOf(message.key), ...(key && { key }), value, ...(headers?.size && { headers }), size }
  })
}

function asBuffer(value: string | Uint8Array): Buffer {
  if (typeof value === 'string') return Buffer.from(value)
  return Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength)
}

/** Limits of one request. */
export interface AppendRequestLimits {
  /** Per partition, because a request holds one batch of each partition. */
  readonly maxBatchBytes: number
  readonly maxBytes: number
  readonly maxMessages: number
}

/** The messages of one request. It is filled in order until a message does not fit, so that messages of a key keep their order. */
export class AppendRequest {
  readonly messages: OutgoingMessage[] = []
  readonly #limits: AppendRequestLimits
  readonly #perPartition = new Map<number, number>()
  #bytes = 0

  constructor(limits: AppendRequestLimits) {
    this.#limits = limits
  }

  /** @returns false if the message does not fit */
  add(message: OutgoingMessage): boolean {
    const { maxBatchBytes, maxBytes, maxMessages } = this.#limits
    const filled = this.#perPartition.get(message.partition) ?? BATCH_OVERHEAD
    const full = this.messages.length >= maxMessages || this.#bytes + message.size > maxBytes
    if (this.messages.length > 0 && (full || filled + message.size > maxBatchBytes)) return false
    this.#perPartition.set(message.partition, filled + message.size)
    this.#bytes += message.size
    this.messages.push(message)
    return true
  }
}
