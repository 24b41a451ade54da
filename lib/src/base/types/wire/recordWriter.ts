import type { Message } from '../contracts/batch.ts'
import { varintSize, writeVarint } from './varint.ts'

const byteLength = (value: string | Uint8Array): number => (typeof value === 'string' ? Buffer.byteLength(value) : value.length)

/** Bytes of key, value and headers: what a limit on messages counts. */
export function messageSize(message: Message): number {
  let size = (message.key === null ? 0 : Buffer.byteLength(message.key)) + byteLength(message.value)
  for (const name in message.headers) size += Buffer.byteLength(name) + Buffer.byteLength(message.headers[name] as string)
  return size
}

/**
 * Writes messages one after another in the layout of the records of Kafka's record batch v2: varint lengths, attributes,
 * timestamp delta (always 0 here), offset delta, key, value, headers. The buffer grows as needed.
 */
export class RecordWriter {
  #target: Buffer
  #at = 0

  constructor(capacity = 64 * 1024) {
    this.#target = Buffer.allocUnsafe(capacity)
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#at
  }

  /** A view of the written bytes; invalid after more writes. */
  get bytes(): Buffer {
    return this.#target.subarray(0, this.#at)
  }

  /** Starts over in the same buffer. */
  clear(): void {
    this.#at = 0
  }

  /** @param offsetDelta place of the message in its chunk, from 0 */
  write(message: Message, offsetDelta: number): void {
    const keyLength = message.key === null ? -1 : Buffer.byteLength(message.key)
    const valueLength = byteLength(message.value)
    const headers = message.headers ? Object.entries(message.headers) : NONE
    let length = 2 + varintSize(offsetDelta) + varintSize(keyLength) + Math.max(keyLength, 0)
    length += varintSize(valueLength) + valueLength + varintSize(headers.length)
    for (const [name, value] of headers) length += textSize(name) + textSize(value)
    this.#reserve(length + 5)

    const target = this.#target
    let at = writeVarint(target, this.#at, length)
    target[at++] = 0 // attributes: none are defined
    target[at++] = 0 // timestamp delta
    at = writeVarint(target, at, offsetDelta)
    at = writeVarint(target, at, keyLength)
    if (message.key !== null) at = writeText(target, at, message.key, keyLength)
    at = writeVarint(target, at, valueLength)
    if (typeof message.value === 'string') at = writeText(target, at, message.value, valueLength)
    else {
      target.set(message.value, at)
      at += valueLength
    }
    at = writeVarint(target, at, headers.length)
    for (const [name, value] of headers) at = writeSizedText(target, writeSizedText(target, at, name), value)
    this.#at = at
  }

  #reserve(size: number): void {
    const needed = this.#at + size
    if (needed <= this.#target.length) return
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#target.length * 2))
    this.#target.copy(larger, 0, 0, this.#at)
    this.#target = larger
  }
}

const NONE: readonly [string, string][] = []

function textSize(text: string): number {
  const size = Buffer.byteLength(text)
  return varintSize(size) + size
}

/** As many bytes as characters means ASCII, which has a faster way. */
function writeText(target: Buffer, at: number, text: string, size: number): number {
  target.write(text, at, size, size === text.length ? 'latin1' : 'utf8')
  return at + size
}

function writeSizedText(target: Buffer, at: number, text: string): number {
  const size = Buffer.byteLength(text)
  return writeText(target, writeVarint(target, at, size), text, size)
}
