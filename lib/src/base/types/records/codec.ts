import type { z } from 'zod'
import { type Decimal, isDecimal } from '../decimal.ts'
import { checkMicros, formatTime, type Micros, parsePlainTime } from '../time.ts'
import { type FieldKind, MOST_DECIMALS } from './fields.ts'

type Value = string | number | boolean | readonly Decimal[]

/**
 * The quick way through one field. It answers only where it is certain to answer as the field's schema would; undefined means
 * that the schema must decide, and word what is wrong. A property test holds the two together.
 */
export interface FieldCodec {
  /** True where {@link encode} gives JSON; it makes none. */
  accepts(value: unknown): boolean
  /** The JSON of a value inside TypeScript. */
  encode(value: unknown): string | undefined
  /** The value inside TypeScript of a value on the wire. */
  decode(wire: unknown): Value | undefined
}

export function fieldCodec(kind: FieldKind, schema: z.ZodType): FieldCodec {
  return kind === 'text' ? textCodec(schema) : CODECS[kind]
}

const whole = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

const CODECS: Readonly<Record<Exclude<FieldKind, 'text'>, FieldCodec>> = {
  decimal: {
    accepts: (value) => typeof value === 'string' && isDecimal(value),
    encode: (value) => (typeof value === 'string' && isDecimal(value) ? `"${value}"` : undefined),
    decode: (wire) => (typeof wire === 'string' && isDecimal(wire) ? wire : undefined),
  },
  time: {
    accepts: (value) => isMicros(value),
    encode: (value) => (isMicros(value) ? `"${formatTime(value)}"` : undefined),
    decode: (wire) => (typeof wire === 'string' ? parsePlainTime(wire) : undefined),
  },
  integer: {
    accepts: (value) => whole(value),
    encode: (value) => (whole(value) ? JSON.stringify(value) : undefined),
    decode: (wire) => (whole(wire) ? wire : undefined),
  },
  float: {
    accepts: (value) => Number.isFinite(value),
    encode: (value) => (Number.isFinite(value) ? JSON.stringify(value) : undefined),
    decode: (wire) => (Number.isFinite(wire) ? (wire as number) : undefined),
  },
  boolean: {
    accepts: (value) => typeof value === 'boolean',
    encode: (value) => (typeof value === 'boolean' ? String(value) : undefined),
    decode: (wire) => (typeof wire === 'boolean' ? wire : undefined),
  },
  decimals: {
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

function isMicros(value: unknown): value is Micros {
  if (!Number.isInteger(value)) return false
  try {
    checkMicros(value as number)
    return true
  } catch {
    return false
  }
}

const MOST_TEXTS = 10_000

/** A text that the schema accepted once is accepted: ids, names and currencies come again and again. */
function textCodec(schema: z.ZodType): FieldCodec {
  const accepted = new Map<string, string>()
  const quoted = (value: unknown): string | undefined => {
    if (typeof value !== 'string') return undefined
    const known = accepted.get(value)
    if (known !== undefined) return known
    // A name that is read without its hidden characters is another text: the slow way makes it.
    if (schema.safeParse(value).data !== value) return undefined
    if (accepted.size >= MOST_TEXTS) accepted.clear()
    const json = JSON.stringify(value)
    accepted.set(value, json)
    return json
  }
  return {
    accepts: (value) => quoted(value) !== undefined,
    encode: quoted,
    decode: (wire) => (quoted(wire) === undefined ? undefined : (wire as string)),
  }
}
