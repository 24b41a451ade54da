import type { StandardSchemaWithJSON } from '@modelcontextprotocol/server'
import { z } from 'zod'

/**
 * A schema as a client sees it. It lets everything through: arguments are refused by us, in our words, which name argument, value
 * and remedy.
 */
export const asSchema = (schema: z.ZodObject, side: 'input' | 'output'): StandardSchemaWithJSON => ({
  '~standard': {
    version: 1,
    vendor: 'qicore',
    validate: (value) => ({ value }),
    jsonSchema: { input: () => toolJsonSchema(schema, side), output: () => toolJsonSchema(schema, side) },
  },
})

/** JSON Schemas are made once: the SDK asks for one at each call, and a list for all of them. */
const made = { input: new WeakMap<z.ZodObject, JsonSchema>(), output: new WeakMap<z.ZodObject, JsonSchema>() }
type JsonSchema = Record<string, unknown>

/** What goes over the wire on either side is what the schema takes in. The result is shared: it must not be changed. */
export function toolJsonSchema(schema: z.ZodObject, side: 'input' | 'output'): JsonSchema {
  const known = made[side].get(schema)
  if (known) return known
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  const short = side === 'input' ? json : { ...json, additionalProperties: undefined }
  made[side].set(schema, short)
  return short
}
