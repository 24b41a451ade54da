import type { z } from 'zod'
import { type Decimal, isDecimal } from '../decimal.ts'
import { formatTime, isMicros, type Micros, parsePlainTime } from '../time.ts'
import { type FieldKind, MOST_DECIMALS, takesPlainText } from './fields.ts'

type Value = string | number | boolean | readonly Decimal[]

/**
 * The quick way through one field. It answers only where it is certain to answer as the field's schema would; undefined means
 * that the schema must decide, and word what is wrong. A property test holds the two together.
 */
export interface FieldCodec {
  /** True where {@link encode} gives JSON; it makes none. */
  accepts(value: unknown): boolean
  /** True where the JSON is a text: {@link encode} leaves out its quotes, which its neighbours write. */
  readonly quoted: boolean
  /** The JSON of a value inside TypeScript. */
  encode(value: unknown): string | undefined
  /** The value inside TypeScript of a value on the wire. */
  decode(wire: unknown): Value | undefined
}

export function fieldCodec(kind: FieldKind, schema: z.ZodType): FieldCodec {
  return kind === 'text' ? textCodec(schema) : CODECS[kind]
}

const whole = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

const isTime = (value: unknown): value is Micros => isMicros(value as Micros)

const CODECS: Readonly<Record<Exclude<FieldKind, 'text'>, FieldCodec>> = {
  decimal: {
    quoted: true,
    accepts: (value) => typeof value === 'string' && isDecimal(value),
    encode: (value) => (typeof value === 'string' && isDecimal(value) ? value : undefined),
    decode: (wire) => (typeof wire === 'string' && isDecimal(wire) ? wire : undefined),
  },
  time: {
    quoted: true,
    accepts: isTime,
    encode: (value) => (isTime(value) ? formatTime(value) : undefined),
    decode: (wire) => (typeof wire === 'string' ? parsePlainTime(wire) : undefined),
  },
  integer: {
    quoted: false,
    accepts: whole,
    encode: (value) => (whole(value) ? String(value) : undefined),
    decode: (wire) => (whole(wire) ? wire : undefined),
  },
  float: {
    quoted: false,
    accepts: (value) => Number.isFinite(value),
    encode: (value) => (Number.isFinite(value) ? JSON.stringify(value) : undefined),
    decode: (wire) => (Number.isFinite(wire) ? (wire as number) : undefined),
  },
  boolean: {
    quoted: false,
    accepts: (value) => typeof value === 'boolean',
    encode: (value) => (typeof value === 'boolean' ? String(value) : undefined),
    decode: (wire) => (typeof wire === 'boolean' ? wire : undefined),
  },
  decimals: {
    quoted: false,
    accepts: (value) => areDecimals(value),
    encode: (value) => (areDecimals(value) ? (value.length === 0 ? '[]' : `["${value.join('","')}"]`) : undefined),
    decode: (wire) => (areDecimals(wire) ? wire : undefined),
  },
}

function areDecimals(value: unknown): value is readonly Decimal[] {
  if (!Array.isArray(value) || value.length > MOST_DECIMALS) return false
  for (let i = 0; i < value.length; i++) if (typeof value[i] !== 'string' || !isDecimal(value[i])) return false
  return true
}

const MOST_TEXTS = 10_000

/** Most characters of a text that is accepted by its characters alone. */
const MOST_PLAIN = 200

/** True for 1 to 200 printable ASCII characters that JSON writes as they are. */
function isPlain(text: string): boolean {
  const { length } = text
  if (length === 0 || length > MOST_PLAIN) return false
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x20 || code > 0x7e || code === 0x22 || code === 0x5c) return false
  }
  return true
}

/**
 * Where the schema takes any plain text, such as the ids of trades, of which each comes once, the characters decide. Otherwise a text
 * that the schema accepted once is accepted: names and currencies come again and again.
 */
function textCodec(schema: z.ZodType): FieldCodec {
  const accepted = new Map<string, string>()
  const free = takesPlainText(schema)
  const inner = (value: unknown): string | undefined => {
    if (typeof value !== 'string') return undefined
    if (free && isPlain(value)) return value
    const known = accepted.get(value)
    if (known !== undefined) return known
    // A name that is read without its hidden characters is another text: the slow way makes it.
    if (schema.safeParse(value).data !== value) return undefined
    if (accepted.size >= MOST_TEXTS) accepted.clear()
    const json = JSON.stringify(value).slice(1, -1)
    accepted.set(value, json)
    return json
  }
  return {
    quoted: true,
    accepts: (value) => inner(value) !== undefined,
    encode: inner,
    decode: (wire) => (inner(wire) === undefined ? undefined : (wire as string)),
  }
}
