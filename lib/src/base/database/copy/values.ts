import type { FieldKind, RecordField } from '../../types/index.ts'
import { checkMicros, QiError } from '../../types/index.ts'
import { putDecimals } from './decimals.ts'
import { putNumeric } from './numeric.ts'

/** Writes one value at a position and returns the position after it. The caller writes the length in front. */
type Put = (value: never, out: Buffer, at: number) => number

/** 2000-01-01, PostgreSQL's epoch, in microseconds since 1970. */
const EPOCH = 946_684_800_000_000

/** Writers of PostgreSQL's binary formats, by kind of field. */
export const putters: Readonly<Record<FieldKind, Put>> = {
  text: putText,
  decimal: (value: string, out, at) => putNumeric(expectType(value, 'string'), out, at),
  time: (value: number, out, at) => putTime(checkMicros(value), out, at),
  integer: (value: number, out, at) => {
    if (!Number.isSafeInteger(value)) throw new QiError('BAD_DATA', `${String(value)} is not an integer`)
    return putInt64(value, out, at)
  },
  float: (value: number, out, at) => {
    if (!Number.isFinite(value)) throw new QiError('BAD_DATA', `${String(value)} is not a finite number`)
    return out.writeDoubleBE(value + 0, at) // + 0 turns -0 into 0: both are equal, so the stored one would depend on the order of arrival
  },
  boolean: (value: boolean, out, at) => {
    out[at] = expectType(value, 'boolean') ? 1 : 0
    return at + 1
  },
  decimals: putDecimals,
}

function putTime(value: number, out: Buffer, at: number): number {
  const since2000 = value - EPOCH
  if (Number.isSafeInteger(since2000)) return putInt64(since2000, out, at)
  return out.writeBigInt64BE(BigInt(value) - BigInt(EPOCH), at)
}

function putText(value: string, out: Buffer, at: number): number {
  const { length } = expectType(value, 'string')
  for (let i = 0; i < length; i++) {
    const code = value.charCodeAt(i)
    if (code > 0x7f || code === 0) return putUnusualText(value, out, at)
    out[at + i] = code
  }
  return at + length
}

function putUnusualText(value: string, out: Buffer, at: number): number {
  if (value.includes('\0') || !value.isWellFormed())
    throw new QiError('BAD_DATA', 'the text holds a NUL or half a surrogate pair')
  return at + out.write(value, at, 'utf8')
}

function putInt64(value: number, out: Buffer, at: number): number {
  const high = Math.floor(value / 0x1_0000_0000)
  out.writeInt32BE(high, at)
  out.writeUInt32BE(value - high * 0x1_0000_0000, at + 4)
  return at + 8
}

function expectType<T>(value: T, type: 'string' | 'boolean'): T {
  if (typeof value === type) return value
  throw new QiError('BAD_DATA', `expected a ${type}, not ${JSON.stringify(value) ?? 'nothing'}`)
}

/** Puts the name of the field into an error of a writer. */
export const blame = (field: RecordField, error: unknown): QiError => {
  const message = error instanceof Error ? error.message : String(error)
  return new QiError('BAD_DATA', `${field.name}: ${message}`, { field: field.name, cause: error })
}
