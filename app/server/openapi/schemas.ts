import { z } from 'zod'
import { nameOf, schemaNamed } from './named.ts'

export type Schema = Readonly<Record<string, unknown>>

/** The JSON Schemas of a document. Named schemas become components; others stay inline. */
export class Schemas {
  readonly #components = new Map<string, Schema>()

  put(name: string, schema: Schema): void {
    this.#components.set(name, schema)
  }

  /** The schema of the wire form: the input side, because a record schema parses the wire form into the internal one. */
  use(schema: z.ZodType): Schema {
    return this.#extract(jsonSchema(schema))
  }

  all(): Record<string, Schema> {
    return Object.fromEntries([...this.#components].sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  /** Moves schemas that jsonSchema() marked with a name to the components. A different description stays beside the reference. */
  #extract(value: unknown): Schema {
    if (value === null || typeof value !== 'object') return value as Schema
    if (Array.isArray(value)) return value.map((item) => this.#extract(item)) as unknown as Schema
    const { [MARK]: name, ...rest } = value as Record<string, unknown>
    if (typeof name !== 'string') return this.#walk(rest)
    if (!this.#components.has(name)) {
      const { [MARK]: _, ...whole } = jsonSchema(schemaNamed(name))
      this.#components.set(name, this.#walk(whole))
    }
    const { description } = this.#components.get(name) as { description?: unknown }
    const own = rest.description === description ? {} : { description: rest.description }
    return { $ref: `#/components/schemas/${name}`, ...own }
  }

  #walk(schema: Readonly<Record<string, unknown>>): Schema {
    return Object.fromEntries(Object.entries(schema).map(([key, inner]) => [key, this.#extract(inner)]))
  }
}

const MARK = 'x-name'

/** JSON Schema of the input side of a zod schema. */
export function jsonSchema(schema: z.ZodType): Schema {
  const { $schema: _version, ...rest } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    reused: 'inline',
    override: ({ zodSchema, jsonSchema: made }) => {
      const name = nameOf(zodSchema as unknown as z.ZodType)
      if (name) Object.assign(made, { [MARK]: name })
    },
  })
  return withoutNull(rest) as Schema
}

/** The schema without null: optional fields accept null as input, but are never sent as null. */
function withoutNull(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNull)
  if (value === null || typeof value !== 'object') return value
  const { anyOf, ...rest } = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutNull(inner)]))
  if (!Array.isArray(anyOf)) return anyOf === undefined ? rest : { ...rest, anyOf }
  const choices = (anyOf as Schema[]).filter(({ type }) => type !== 'null')
  return choices.length === 1 ? { ...choices[0], ...rest } : { ...rest, anyOf: choices }
}

/** A query parameter. A list is comma-separated text; a coerced value is documented with the type that it is parsed to. */
export function parameterSchema(field: z.ZodType): Record<string, unknown> {
  const { description, [MARK]: _, ...schema } = typedChoices(jsonSchema(field))
  const list = (schema.anyOf as Schema[] | undefined)?.find(({ type }) => type === 'array')
  const boolean = [schema.type].flat().includes('boolean')
  const said = description === undefined ? {} : { description }
  if (list) return { ...said, style: 'form', explode: false, schema: list }
  if (boolean) return { ...said, schema: { type: 'boolean', ...('default' in schema && { default: schema.default }) } }
  return { ...said, schema }
}

/** Puts the type into each choice of an anyOf, where client generators expect it. */
function typedChoices(schema: Schema): Record<string, unknown> {
  const { type, anyOf, ...rest } = schema as { type?: string; anyOf?: readonly Schema[] }
  if (typeof type !== 'string' || !anyOf) return { ...schema }
  return { ...rest, anyOf: anyOf.map((choice) => ({ type, ...choice })) }
}
