import * as library from '@platformatic/kafka'
import { QiError } from '../../../base/types/index.ts'
import type { AbortedTransaction } from './AbortedTransactions.ts'

export const FETCH_KEY = 1

/** From this version on, lengths are varints and tagged fields follow. */
const FLEXIBLE = 12
/** From this version on, topics are named by id. */
const TOPIC_IDS = 13

export const isFlexible = (version: number): boolean => version >= FLEXIBLE
export const namesTopicsById = (version: number): boolean => version >= TOPIC_IDS

/** The library's functions that write a fetch request, by version; all take the same arguments. */
export const createFetchRequest: Readonly<Record<number, typeof library.fetchV17.createRequest>> = {
  4: library.fetchV4.createRequest,
  5: library.fetchV5.createRequest,
  6: library.fetchV6.createRequest,
  7: library.fetchV7.createRequest,
  8: library.fetchV8.createRequest,
  9: library.fetchV9.createRequest,
  10: library.fetchV10.createRequest,
  11: library.fetchV11.createRequest,
  12: library.fetchV12.createRequest,
  13: library.fetchV13.createRequest,
  14: library.fetchV14.createRequest,
  15: library.fetchV15.createRequest,
  16: library.fetchV16.createRequest,
  17: library.fetchV17.createRequest,
}

/** A broker's answer for one partition. */
export interface PartitionAnswer {
  /** Name or id of the topic, as in the request. */
  readonly topic: string
  readonly partition: number
  /** Error code of the protocol; 0 means none. */
  readonly error: number
  readonly aborted: readonly AbortedTransaction[]
  /** Record batches back to back; the last may be truncated. */
  readonly records: Buffer | undefined
}

/**
 * Parses the answer to a fetch request. Its records stay in the same buffer, without a copy.
 * @throws QiError BAD_DATA if it is truncated
 */
export function parseFetchResponse(bytes: Buffer, version: number): { error: number; partitions: PartitionAnswer[] } {
  try {
    return new ResponseReader(bytes, version).answer()
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new QiError('BAD_DATA', 'a broker’s answer to a fetch request is truncated', { cause, retryable: true })
  }
}

/** https://kafka.apache.org/protocol#The_Messages_Fetch */
class ResponseReader {
  readonly #bytes: Buffer
  readonly #version: number
  readonly #flexible: boolean
  #at = 0

  constructor(bytes: Buffer, version: number) {
    this.#bytes = bytes
    this.#version = version
    this.#flexible = isFlexible(version)
  }

  answer(): { error: number; partitions: PartitionAnswer[] } {
    this.#at += 4 // throttle time
    const error = this.#version >= 7 ? this.#int16() : 0
    if (this.#version >= 7) this.#at += 4 // session
    const partitions: PartitionAnswer[] = []
    for (let topics = this.#length(4); topics > 0; topics--) {
      const topic = this.#topic()
      for (let count = this.#length(4); count > 0; count--) partitions.push(this.#partition(topic))
      this.#tags()
    }
    return { error, partitions }
  }

  #partition(topic: string): PartitionAnswer {
    const partition = this.#int32()
    const error = this.#int16()
    this.#at += 8 + 8 // high watermark, last stable offset
    if (this.#version >= 5) this.#at += 8 // log start offset
    const aborted: AbortedTransaction[] = []
    for (let count = this.#length(4); count > 0; count--) {
      aborted.push({ producerId: this.#int64(), firstOffset: this.#int64() })
      this.#tags()
    }
    if (this.#version >= 11) this.#at += 4 // preferred read replica
    const size = this.#length(4)
    const records = size > 0 ? this.#slice(size) : undefined
    this.#tags()
    return { topic, partition, error, aborted, records }
  }

  #topic(): string {
    if (!namesTopicsById(this.#version)) return this.#slice(this.#length(2)).toString()
    const hex = this.#slice(16).toString('hex')
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
  }

  /** Length prefix: varint in flexible versions, else a `bytes`-wide integer; -1 is null. */
  #length(bytes: 2 | 4): number {
    if (this.#flexible) return this.#varint() - 1
    return bytes === 2 ? this.#int16() : this.#int32()
  }

  #tags(): void {
    if (!this.#flexible) return
    for (let count = this.#varint(); count > 0; count--) {
      this.#varint()
      const size = this.#varint()
      this.#slice(size)
    }
  }

  #varint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#bytes.readUInt8(this.#at++)
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) break
    }
    return value >>> 0
  }

  #int16(): number {
    this.#at += 2
    return this.#bytes.readInt16BE(this.#at - 2)
  }

  #int32(): number {
    this.#at += 4
    return this.#bytes.readInt32BE(this.#at - 4)
  }

  #int64(): bigint {
    this.#at += 8
    return this.#bytes.readBigInt64BE(this.#at - 8)
  }

  #slice(size: number): Buffer {
    const start = this.#at
    this.#at += size
    if (this.#at > this.#bytes.length) throw new RangeError(`${size} bytes expected at ${start}`)
    return this.#bytes.subarray(start, this.#at)
  }
}
