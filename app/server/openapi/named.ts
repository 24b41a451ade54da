import { z } from 'zod'
import { ERROR_CODES, GAP_REASONS, ORIGINS, recordTypes, TIMEFRAMES } from '../../../lib/src/base/types/index.ts'
import { pascal } from './pascal.ts'

const byName = new Map<string, z.ZodType>()
const names = new Map<z.ZodType, string>()

/**
 * Names a schema in the OpenAPI document, and so the type in generated clients.
 * @param name in PascalCase; unique in the document
 * @throws Error if another schema has the name already
 */
export function named<S extends z.ZodType>(name: string, schema: S): S {
  const before = byName.get(name)
  if (before !== undefined && before !== schema)
    throw new Error(`two schemas of the HTTP interface are named ${name}: rename one`)
  byName.set(name, schema)
  names.set(schema, name)
  return schema
}

/** The name of a schema: its own, that of the schema it was derived from by describe(), or that of its enum values. */
export function nameOf(schema: z.ZodType): string | undefined {
  for (let at: unknown = schema; at !== undefined; at = (at as z.ZodType)._zod.parent) {
    const name = names.get(at as z.ZodType)
    if (name !== undefined) return name
  }
  return schema instanceof z.ZodEnum ? choices.get(schema.options.join()) : undefined
}

/** @throws Error if there is none */
export function schemaNamed(name: string): z.ZodType {
  const found = byName.get(name)
  if (!found) throw new Error(`no schema of the HTTP interface is named ${name}`)
  return found
}

/** Names of enums by their values, because each field with these values is a schema of its own. */
const choices = new Map<string, string>()
for (const [name, values] of Object.entries({
  Timeframe: TIMEFRAMES,
  Origin: ORIGINS,
  GapReason: GAP_REASONS,
  ErrorCode: Object.keys(ERROR_CODES),
  Effect: ['read', 'write', 'destroy'],
})) {
  named(name, z.enum(values as [string, ...string[]]))
  choices.set(values.join(), name)
}

for (const { name, schema } of Object.values(recordTypes)) named(pascal(name), schema as z.ZodType)
