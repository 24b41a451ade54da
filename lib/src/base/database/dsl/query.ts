import type { z } from 'zod'
import { formatTime, QiError, wordIssue } from '../../types/index.ts'
import { camel } from '../../types/records/define.ts'
import { type CamelKeys, snakeKeys } from './names.ts'

/** What a caller inside TypeScript passes: camelCase, times as microseconds or ISO text, everything with a default may be left out. */
export type QueryInput<S extends z.ZodObject> = {
  readonly [K in keyof CamelKeys<z.input<S>>]: CamelKeys<z.input<S>>[K] | (K extends 'from' | 'to' ? number : never)
}
/** A validated query: camelCase, defaults filled in, times in microseconds. */
export type QueryOf<S extends z.ZodObject> = CamelKeys<z.output<S>>

/**
 * A query from outside (URL parameters, command line, tool arguments), in wire naming.
 * @throws QiError BAD_REQUEST naming each field at fault, its value and what was expected
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

/** Queries that were validated, and by which schema: what came through an edge is not validated again behind it. */
const checked = new WeakMap<object, z.ZodObject>()

interface Ready {
  readonly strict: z.ZodObject
  /** Each field's name on the wire and in TypeScript. */
  readonly names: readonly (readonly [string, string])[]
}

// zod compiles a schema when it is first used: a strict one made anew for each query would be compiled for each query.
const ready = new WeakMap<z.ZodObject, Ready>()
function readyOf(schema: z.ZodObject): Ready {
  const known = ready.get(schema)
  if (known) return known
  const made = { strict: schema.strict(), names: Object.keys(schema.shape).map((name) => [name, camel(name)] as const) }
  ready.set(schema, made)
  return made
}

/** A query from inside TypeScript; the same rules. @throws QiError BAD_REQUEST */
export function checkQuery<S extends z.ZodObject>(schema: S, input: QueryInput<S>): QueryOf<S> {
  if (checked.get(input) === schema) return input as unknown as QueryOf<S>
  const wire = snakeKeys(input as Record<string, unknown>)
  for (const name of ['from', 'to']) if (typeof wire[name] === 'number') wire[name] = formatTime(wire[name])
  for (const [name, value] of Object.entries(wire)) if (value === undefined) delete wire[name]
  return parseQuery(schema, wire)
}
