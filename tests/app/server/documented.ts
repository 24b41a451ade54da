import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect } from 'vitest'
import { openapiDocument } from '../../../app/server/index.ts'

interface Operation {
  readonly parameters?: readonly {
    readonly name: string
    readonly in: string
    readonly required: boolean
    readonly description?: string
  }[]
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { readonly schema: object }>> }>>
}

export const document = openapiDocument() as { paths: Record<string, { get?: Operation; post?: Operation; delete?: Operation }> }
/** Checks an answer of a route against the document. */
export function answerOf(path: string, status: number, method: 'get' | 'post' | 'delete' = 'get'): (body: unknown) => void {
  const content = document.paths[path]?.[method]?.responses[status]?.content
  const schema = (content?.['application/json'] ?? content?.['application/problem+json'])?.schema
  if (!schema) throw new Error(`${path} documents no JSON with status ${status}`)
  // An undocumented property fails, too.
  const ajv = new Ajv2020({ allErrors: true, validateFormats: false, strict: false })
  ajv.addSchema(closed(document) as object, 'openapi')
  const validate = ajv.compile(rooted(closed(schema)) as object)
  return (body) => expect(validate(body) ? [] : validate.errors).toEqual([])
}

/** Forbids other properties in objects that list their properties. */
function closed(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map(closed)
  const walked = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, closed(inner)]))
  return 'properties' in walked && walked.type === 'object' ? { ...walked, additionalProperties: false } : walked
}

/** Resolves references in the document. */
const rooted = (schema: unknown): unknown => JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"openapi#/'))
