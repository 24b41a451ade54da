import { z } from 'zod'

/** Caches of JSON Schemas. */
const made = { input: new WeakMap<z.ZodObject, JsonSchema>(), output: new WeakMap<z.ZodObject, JsonSchema>() }
type JsonSchema = Record<string, unknown>

/** JSON Schema of the input side, which goes over the wire both ways. The result is shared and must not be changed. */
export function toolJsonSchema(schema: z.ZodObject, side: 'input' | 'output'): JsonSchema {
  const known = made[side].get(schema)
  if (known) return known
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  const short = side === 'input' ? json : { ...json, additionalProperties: undefined }
  made[side].set(schema, short)
  return short
}
