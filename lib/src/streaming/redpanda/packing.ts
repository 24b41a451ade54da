import { type Message, QiError } from '../../base/index.ts'
import { framed } from '../../base/types/wire/index.ts'

/** A message ready to be sent: its bytes, and the partition it goes to. */
export interface Packed {
  readonly topic: string
  readonly partition: number
  readonly key?: Buffer
  readonly value: Buffer
  readonly headers?: Map<string, string>
  /** Bytes it takes in a batch at most, uncompressed. */
  readonly size: number
}

/** Bytes of a record batch before its records. */
export const BATCH_OVERHEAD = 61
/** Most bytes of the lengths and deltas around a record, and around a header of it. */
const RECORD_OVERHEAD = 24
const HEADER_OVERHEAD = 10

export interface Packing {
  readonly topic: string
  /** The partition of a key; `null` spreads. */
  readonly partitionOf: (key: string | null) => number
  /** The broker's limit on a batch of this topic, in bytes. */
  readonly maxBatchBytes: number
  /** What goes before each value, where a schema registry gave something. */
  readonly frame?: Uint8Array | undefined
}

/** @throws QiError BAD_REQUEST naming the first message that can never be sent, and its size */
export function pack(messages: readonly Message[], { topic, partitionOf, maxBatchBytes, frame }: Packing): Packed[] {
  return messages.map((message, index) => {
    const key = message.key === null ? undefined : Buffer.from(message.key)
    const value = frame ? framed(frame, message.value) : asBuffer(message.value)
    const headers = message.headers && new Map(Object.entries(message.headers))
    let size = RECORD_OVERHEAD + (key?.length ?? 0) + value.length
    if (headers) for (const [name, text] of headers) size += HEADER_OVERHEAD + Buffer.byteLength(name) + Buffer.byteLength(text)
    if (size + BATCH_OVERHEAD > maxBatchBytes)
      throw new QiError(
        'BAD_REQUEST',
        `message ${index} for topic ${topic}${message.key === null ? '' : ` (key "${message.key}")`} takes ${size} bytes, and the broker accepts ${maxBatchBytes - BATCH_OVERHEAD}; split it, or raise max.message.bytes of the topic`,
        { field: `messages[${index}]` },
      )
    return { topic, partition: partitionOf(message.key), ...(key && { key }), value, ...(headers?.size && { headers }), size }
  })
}

function asBuffer(value: string | Uint8Array): Buffer {
  if (typeof value === 'string') return Buffer.from(value)
  return Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength)
}

/** What one request may carry. */
export interface LoadLimits {
  /** Per partition: each partition's part of a request is one batch. */
  readonly maxBatchBytes: number
  readonly maxBytes: number
  readonly maxMessages: number
}

/** Messages of one request, filled in order until one does not fit; those after it wait, so that no key overtakes itself. */
export class Load {
  readonly messages: Packed[] = []
  readonly #limits: LoadLimits
  readonly #perPartition = new Map<number, number>()
  #bytes = 0

  constructor(limits: LoadLimits) {
    this.#limits = limits
  }

  /** @returns whether it went in */
  add(message: Packed): boolean {
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
