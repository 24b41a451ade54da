/** A list or text that can be cut. */
interface Part {
  readonly path: readonly (string | number)[]
  readonly value: readonly unknown[] | string
  /** Characters as JSON. */
  readonly size: number
}

const LEAST_TEXT = 200

export interface Shortened {
  readonly structured: Record<string, unknown>
  /** Path of the part that was cut. */
  readonly part: string
  readonly kept: number
  readonly of: number
  readonly what: 'items' | 'characters'
}

/** A copy whose largest list, or text, is cut to the given share of its items, or characters. */
export function shorten(structured: Readonly<Record<string, unknown>>, share: number): Shortened | undefined {
  const part = largestPart(structured, [])
  if (!part) return undefined
  const { path, value } = part
  const kept = Math.max(1, Math.min(value.length - 1, Math.floor(value.length * share)))
  const put = typeof value === 'string' ? `${value.slice(0, kept).toWellFormed()}…` : value.slice(0, kept)
  return {
    structured: replaced(structured, path, put) as Record<string, unknown>,
    part: path.join('.'),
    kept,
    of: value.length,
    what: typeof value === 'string' ? 'characters' : 'items',
  }
}

function largestPart(value: unknown, path: Part['path']): Part | undefined {
  if (typeof value === 'string') return value.length > LEAST_TEXT ? { path, value, size: value.length } : undefined
  if (typeof value !== 'object' || value === null) return undefined
  if (Array.isArray(value) && value.length > 1) return { path, value, size: JSON.stringify(value).length }
  return Object.entries(value)
    .map(([name, item]) => largestPart(item, [...path, Array.isArray(value) ? Number(name) : name]))
    .reduce((most, part) => (part && part.size > (most?.size ?? 0) ? part : most), undefined)
}

function replaced(value: unknown, [step, ...rest]: Part['path'], put: unknown): unknown {
  if (step === undefined) return put
  if (Array.isArray(value)) return value.map((item, i) => (i === step ? replaced(item, rest, put) : item))
  const object = value as Record<string, unknown>
  return { ...object, [step]: replaced(object[step], rest, put) }
}
