import { crc32 } from 'node:zlib'
import type { RecordFields } from '../../../base/database/index.ts'
import { type EncodedBatch, type Micros, type RecordType, type Timeframe, timeframeMicros } from '../../../base/types/index.ts'

/** Fields of a Redis key, in order. */
const NAMES = ['source', 'coin_id', 'currency', 'timeframe', 'name', 'params', 'raised_by', 'rank', 'kind'] as const

/** The fields that identify the subject of a latest record: a series, a rank of a list, an instrument. */
function namesOf({ key, series, fields }: RecordType): readonly string[] {
  const own = [...key, ...(series?.by ?? []), ...(series?.shared ?? []), ...(key.includes('time') ? [] : ['kind'])]
  return NAMES.filter((name) => own.includes(name) && fields.some((field) => field.name === name))
}

/** Escapes colons, which divide names, and braces, which would choose the slot of a cluster. */
const escaped = (name: string): string => name.replace(/[%:{}]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)

/** A time in microseconds has 16 digits until the year 2255. */
const DIGITS = 16
const LAST_SEQUENCE = '9'.repeat(DIGITS)
const padded = (value: number): string => String(Math.max(0, value)).padStart(DIGITS, '0')

/** The latest record of its series in one write. */
export interface Candidate {
  readonly key: string
  /** Compared as text: the later record of a series has the greater version. */
  readonly version: string
  readonly json: string
  /** Time at which it expires, in milliseconds since 1970. */
  readonly expires: number
  /** Index of the record in the write. */
  readonly index: number
}

interface Newest {
  readonly batch: EncodedBatch
  readonly at: number
  readonly index: number
  readonly moment: Micros
  readonly expires: number
  readonly sequence: number
  readonly isFinal: boolean
  readonly receivedAt: Micros
  /** The trade id; empty for other types. */
  readonly id: string
  /** True if the bytes are ASCII. */
  readonly plain: boolean
}

/**
 * The latest record of each series among those that were added. The order is the store's: by time, then by the venue's sequence (records
 * without one are last), then the final one, then the later received.
 */
export class Latest {
  /** Records that were left out because they are older than the time to live. */
  expired = 0
  readonly #newest = new Map<string, Newest>()
  readonly #fields: RecordFields
  readonly #prefix: string
  readonly #ttl: Micros
  readonly #now: Micros
  /** The fields of the key. */
  readonly #names: readonly { readonly place: number; readonly isNumber: boolean }[]
  readonly #time: number
  readonly #receivedAt: number
  readonly #sequence: number
  readonly #isFinal: number
  readonly #tradeId: number
  readonly #timeframe: number

  constructor(type: RecordType, fields: RecordFields, prefix: string, ttl: Micros, now: Micros) {
    this.#fields = fields
    this.#prefix = `${prefix}:${type.name}`
    this.#ttl = ttl
    this.#now = now
    this.#names = namesOf(type).map((name) => {
      const place = fields.place(name)
      return { place, isNumber: type.fields[place]?.kind === 'integer' }
    })
    this.#receivedAt = fields.place('received_at')
    // Instruments have no time of their own: the one received last is the latest.
    this.#time = type.key.includes('time') ? fields.place('time') : this.#receivedAt
    this.#sequence = fields.place('sequence')
    this.#isFinal = fields.place('is_final')
    this.#tradeId = fields.place('trade_id')
    this.#timeframe = fields.place('timeframe')
  }

  /** Adds record `at` of the batch, which `fields` have just read. */
  add(batch: EncodedBatch, at: number, index: number): void {
    const fields = this.#fields
    const moment = fields.time(this.#time)
    // A bar lasts until its end.
    const span = this.#timeframe < 0 ? 0 : timeframeMicros(fields.text(this.#timeframe) as Timeframe)
    const expires = moment + span + this.#ttl
    if (expires <= this.#now) {
      this.expired++
      return
    }
    let key = this.#prefix
    for (const { place, isNumber } of this.#names) key += `:${isNumber ? fields.integer(place) : escaped(fields.text(place))}`
    const newest = this.#newest.get(key)
    if (newest && newest.moment > moment) return
    const one: Newest = {
      batch,
      at,
      index,
      moment,
      expires: Math.floor(expires / 1000),
      sequence: this.#sequence < 0 ? 0 : fields.has(this.#sequence) ? fields.integer(this.#sequence) : Number.POSITIVE_INFINITY,
      isFinal: this.#isFinal >= 0 && fields.flag(this.#isFinal),
      receivedAt: fields.time(this.#receivedAt),
      id: this.#tradeId < 0 ? '' : fields.text(this.#tradeId),
      plain: fields.decoded === undefined,
    }
    if (!newest || isLater(one, newest)) this.#newest.set(key, one)
  }

  /** The latest of each series. */
  candidates(): Candidate[] {
    return [...this.#newest].map(([key, newest]) => {
      const json = jsonOf(newest)
      return { key, json, version: this.#version(newest, json), expires: newest.expires, index: newest.index }
    })
  }

  #version({ moment, sequence, isFinal, receivedAt, id }: Newest, json: string): string {
    let version = padded(moment)
    if (this.#sequence >= 0) version += sequence === Number.POSITIVE_INFINITY ? LAST_SEQUENCE : padded(sequence)
    if (this.#isFinal >= 0) version += isFinal ? '1' : '0'
    version += padded(receivedAt)
    if (this.#tradeId >= 0) version += String(id.length).padStart(3, '0') + hexOf(id)
    return version + checksum(json)
  }
}

function isLater(one: Newest, other: Newest): boolean {
  if (one.moment !== other.moment) return one.moment > other.moment
  if (one.sequence !== other.sequence) return one.sequence > other.sequence
  if (one.isFinal !== other.isFinal) return one.isFinal
  if (one.receivedAt !== other.receivedAt) return one.receivedAt > other.receivedAt
  if (one.id.length !== other.id.length) return one.id.length > other.id.length
  if (one.id !== other.id) return hexOf(one.id) > hexOf(other.id)
  // By content, so that the result does not depend on the order of arrival.
  return checksum(jsonOf(one)) > checksum(jsonOf(other))
}

/** Hex digits sort the same in every locale of a server. */
const hexOf = (text: string): string => Buffer.from(text).toString('hex')
const checksum = (json: string): string => crc32(json).toString(16).padStart(8, '0')

function jsonOf({ batch, at, plain }: Newest): string {
  const value = batch.value(at)
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  return bytes.toString(plain ? 'latin1' : 'utf8')
}
