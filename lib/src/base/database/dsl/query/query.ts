import type { z } from 'zod'
import { formatTime, QiError, wordIssue } from '../../../types/index.ts'
import { type Camel, camel } from '../../../types/records/define.ts'

/** Parameters that are times. */
const TIMES = ['from', 'to', 'at'] as const

type CamelKeys<T> = { readonly [K in keyof T as Camel<K & string>]: T[K] }

/** A query inside TypeScript: camelCase, times as microseconds or ISO text; fields with a default may be left out. */
export type QueryInput<S extends z.ZodObject> = {
  readonly [K in keyof CamelKeys<z.input<S>>]: CamelKeys<z.input<S>>[K] | (K extends (typeof TIMES)[number] ? number : never)
}
/** A validated query: camelCase, defaults filled in, times in microseconds. */
export type QueryOf<S extends z.ZodObject> = CamelKeys<z.output<S>>

/**
 * Validates a query from outside (URL parameters, command line, tool arguments), in wire naming.
 * @throws QiError BAD_REQUEST with each wrong field, its value and the form that was expected
 */
export function parseQuery<S extends z.ZodObject>(schema: S, wire: unknown): QueryOf<S> {
  const { strict, names } = readyOf(schema)
  const result = strict.safeParse(wire)
  if (result.success) {
    const query: Record<string, unknown> = {}
    for (const [name, property] of names) if (name in result.data) query[property] = result.data[name]
    checked.set(Object.freeze(query), schema)
    return query as QueryOf<S>
  }
  const parts = result.error.issues.map((issue) => {
    const path = issue.path.join('.')
    const value = issue.path.reduce<unknown>((at, step) => (at as Record<PropertyKey, unknown> | undefined)?.[step], wire)
    if (issue.code === 'unrecognized_keys')
      return `${issue.keys.join(', ')}: unknown; known are ${Object.keys(schema.shape).join(', ')}`
    return path
      ? `${path}${value === undefined ? '' : ` ${JSON.stringify(value)?.slice(0, 60)}`}: ${wordIssue(issue)}`
      : wordIssue(issue)
  })
  const first = result.error.issues[0]
  throw new QiError('BAD_REQUEST', parts.join('; '), {
    field: first?.path.join('.') || (first?.code === 'unrecognized_keys' ? first.keys[0] : '') || '',
  })
}

/** Validated queries and their schema: {@link checkQuery} does not validate a query twice. */
const checked = new WeakMap<object, z.ZodObject>()

interface Ready {
  readonly strict: z.ZodObject
  /** Each field's name on the wire and in TypeScript. */
  readonly names: readonly (readonly [string, string])[]
}

// zod compiles a schema at its first use, so the strict one is made once: made per query it would be compiled per query.
const ready = new WeakMap<z.ZodObject, Ready>()
function readyOf(schema: z.ZodObject): Ready {
  const known = ready.get(schema)
  if (known) return known
  const made = { strict: schema.strict(), names: Object.keys(schema.shape).map((name) => [name, camel(name)] as const) }
  ready.set(schema, made)
  return made
}

/** Validates a query from inside TypeScript, by the rules of {@link parseQuery}. @throws QiError BAD_REQUEST */
export function checkQuery<S extends z.ZodObject>(schema: S, input: QueryInput<S>): QueryOf<S> {
  if (checked.get(input) === schema) return input as unknown as QueryOf<S>
  const wire = snakeKeys(input as Record<string, unknown>)
  for (const name of TIMES) if (typeof wire[name] === 'number') wire[name] = formatTime(wire[name])
  for (const [name, value] of Object.entries(wire)) if (value === undefined) delete wire[name]
  return parseQuery(schema, wire)
}

/** Turns the keys of an object into wire names: `includeSimulated` → `include_simulated`. */
const snakeKeys = (input: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(input).map(([name, value]) => [name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`), value]))
