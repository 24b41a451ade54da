import { QiError } from '../errors.ts'

/** Bytes that the zigzag varint of a 32-bit integer takes: 1 to 5. */
export function varintSize(value: number): number {
  const z = ((value << 1) ^ (value >> 31)) >>> 0
  return z < 0x80 ? 1 : z < 0x4000 ? 2 : z < 0x200000 ? 3 : z < 0x10000000 ? 4 : 5
}

/** Writes a 32-bit integer; returns where the next byte goes. */
export function writeVarint(target: Uint8Array, at: number, value: number): number {
  let z = ((value << 1) ^ (value >> 31)) >>> 0
  while (z >= 0x80) {
    target[at++] = (z & 0x7f) | 0x80
    z >>>= 7
  }
  target[at++] = z
  return at
}

/**
 * A place in bytes, read forwards: one object for a whole walk, so that reading a number allocates nothing.
 * Reading past the end, or a number too long, throws QiError BAD_DATA.
 */
export class VarintReader {
  readonly bytes: Uint8Array
  at: number

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes
    this.at = at
  }

  /** A zigzag varint of 32 bits. */
  varint(): number {
    let byte = this.bytes[this.at++] as number
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1)
    let z = byte & 0x7f
    for (let shift = 7; shift < 35; shift += 7) {
      byte = this.bytes[this.at++] as number
      z |= (byte & 0x7f) << shift
      if (byte < 0x80) return (z >>> 1) ^ -(z & 1)
    }
    throw malformed(this.at)
  }

  /** A zigzag varint of 64 bits as a number; exact up to 2^53. */
  varlong(): number {
    let byte = this.bytes[this.at++] as number
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1)
    let z = BigInt(byte & 0x7f)
    for (let shift = 7n; shift < 70n; shift += 7n) {
      byte = this.bytes[this.at++] as number
      z |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return Number((z >> 1n) ^ -(z & 1n))
    }
    throw malformed(this.at)
  }
}

export const malformed = (at: number): QiError => new QiError('BAD_DATA', `malformed record batch at byte ${at}`)
