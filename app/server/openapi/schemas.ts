import { z } from 'zod'
import { recordTypes } from '../../../lib/src/base/index.ts'

export type Schema = Readonly<Record<string, unknown>>

const named = new Map<z.ZodType, string>(Object.values(recordTypes).map((type) => [type.schema as z.ZodType, pascal(type.name)]))

/** The JSON Schemas of a document. Records are components; everything else stands where it is used. */
export class Schemas {
  readonly #components = new Map<string, Schema>()

  put(name: string, schema: Schema): void {
    this.#components.set(name, schema)
  }

  /** The schema of what goes over the wire: the input side, since a record schema reads the wire and yields what is used inside. */
  use(schema: z.ZodType): Schema {
    return this.#extract(jsonSchema(schema))
  }

  all(): Record<string, Schema> {
    return Object.fromEntries([...this.#components].sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  /** Moves what jsonSchema() marked as a record into the components. */
  #extract(value: unknown): Schema {
    if (value === null || typeof value !== 'object') return value as Schema
    if (Array.isArray(value)) return value.map((item) => this.#extract(item)) as unknown as Schema
    const { [MARK]: name, ...rest } = value as Record<string, unknown>
    const walked = Object.fromEntries(Object.entries(rest).map(([key, inner]) => [key, this.#extract(inner)]))
    if (typeof name !== 'string') return walked
    this.#components.set(name, walked)
    return { $ref: `#/components/schemas/${name}` }
  }
}

const MARK = 'x-record'

/** JSON Schema of the input side, without what only zod needs. */
export function jsonSchema(schema: z.ZodType): Schema {
  const { $schema: _version, ...rest } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    reused: 'inline',
    override: ({ zodSchema, jsonSchema: made }) => {
      const name = named.get(zodSchema as unknown as z.ZodType)
      if (name) Object.assign(made, { [MARK]: name })
    },
  })
  return withoutNull(rest) as Schema
}

/** What is absent may come in as null; it never goes out as one. */
function withoutNull(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNull)
  if (value === null || typeof value !== 'object') return value
  const { anyOf, ...rest } = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutNull(inner)]))
  if (!Array.isArray(anyOf)) return anyOf === undefined ? rest : { ...rest, anyOf }
  const choices = (anyOf as Schema[]).filter(({ type }) => type !== 'null')
  return choices.length === 1 ? { ...choices[0], ...rest } : { ...rest, anyOf: choices }
}

/** A query parameter. A list is comma-separated text; what zod coerces is text too, and documented as what it is read as. */
export function parameterSchema(field: z.ZodType): Record<string, unknown> {
  const { description, ...schema } = jsonSchema(field) as Record<string, unknown>
  const list = (schema.anyOf as Schema[] | undefined)?.find(({ type }) => type === 'array')
  const boolean = [schema.type].flat().includes('boolean')
  const said = description === undefined ? {} : { description }
  if (list) return { ...said, style: 'form', explode: false, schema: list }
  if (boolean) return { ...said, schema: { type: 'boolean', ...('default' in schema && { default: schema.default }) } }
  return { ...said, schema }
}

/** `market_analytics` → `MarketAnalytics`. */
function pascal(name: string): string {
  return name.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
