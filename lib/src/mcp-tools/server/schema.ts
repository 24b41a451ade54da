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

/** What goes over the wire on either side is what the schema takes in. */
export function toolJsonSchema(schema: z.ZodObject, side: 'input' | 'output'): Record<string, unknown> {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return side === 'input' ? json : { ...json, additionalProperties: undefined }
}
