import type { z } from 'zod'
import { ERROR_CODES, type ErrorCode } from '../../../lib/src/base/index.ts'
import { errorResponse } from '../errors.ts'
import type { Route } from '../route.ts'
import { routes } from '../routes.ts'
import { version } from '../version.ts'
import { live } from './live.ts'
import { jsonSchema, parameterSchema, type Schema, Schemas } from './schemas.ts'

const DESCRIPTION = `Market data of a QiCore platform: prices, candles and the state of the market, exactly as the sources gave them.

Figures are decimal strings, never floats. Times are ISO 8601 in UTC. A record whose \`origin\` is \`simulated\` was invented by the
simulated market. Unknown parameters are refused. Live records come over the WebSocket at \`/ws\`.`

const TOKEN = { description: 'the token is missing or wrong', ...content({ $ref: '#/components/schemas/Error' }) }
const SITE = {
  description: 'a page of a foreign origin, or a foreign Host header',
  ...content({ $ref: '#/components/schemas/Error' }),
}
const LONG = { description: 'address and headers are too long', ...content({ $ref: '#/components/schemas/Error' }) }
const DEFECT = { description: ERROR_CODES.INTERNAL.summary, ...content({ $ref: '#/components/schemas/Error' }) }

/** The OpenAPI 3.1 document, made from the routes and the schemas that serve them. */
export function openapiDocument(): Record<string, unknown> {
  const schemas = new Schemas()
  schemas.put('Error', schemas.use(errorResponse))
  const paths = Object.fromEntries(routes.map((route) => [route.path, { get: operation(route, schemas) }]))
  return {
    openapi: '3.1.1',
    info: { title: 'QiCore', version, description: DESCRIPTION, license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: '/', description: 'the server that this document came from' }],
    security: [{ token: [] }, {}],
    paths: { ...paths, '/ws': { get: live(schemas, { 401: TOKEN, 403: SITE, 431: LONG }) } },
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'the value of QICORE_TOKEN, where one is set' } },
      schemas: schemas.all(),
    },
  }
}

export const openapiText = (): string => `${JSON.stringify(openapiDocument(), null, 2)}\n`

function operation(route: Route, schemas: Schemas): Record<string, unknown> {
  const responses: Record<string, unknown> = {}
  for (const [status, { description, schema, type }] of Object.entries(route.responses))
    responses[status] = {
      description,
      ...content(schema ? schemas.use(schema) : type ? { type: 'string' } : { type: 'object' }, type),
    }
  for (const [status, codes] of byStatus(route.errors))
    responses[status] ??= {
      description: codes.map((code) => `${code}: ${ERROR_CODES[code].summary}`).join('; '),
      ...content({ $ref: '#/components/schemas/Error' }),
    }
  if (!route.open) responses['401'] = TOKEN
  responses['403'] = SITE
  responses['431'] = LONG
  responses['500'] = DEFECT
  return {
    operationId: route.name,
    summary: route.summary,
    ...(route.open && { security: [] }),
    ...(route.query && { parameters: parameters(route.query) }),
    responses: Object.fromEntries(Object.entries(responses).sort(([a], [b]) => Number(a) - Number(b))),
  }
}

function parameters(query: z.ZodObject): unknown[] {
  const { required = [] } = jsonSchema(query) as { required?: readonly string[] }
  return Object.entries(query.shape).map(([name, field]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    ...parameterSchema(field as z.ZodType),
  }))
}

function byStatus(codes: readonly ErrorCode[]): Map<string, ErrorCode[]> {
  const found = new Map<string, ErrorCode[]>()
  for (const code of codes) {
    const status = String(ERROR_CODES[code].http)
    found.set(status, [...(found.get(status) ?? []), code])
  }
  return found
}

function content(schema: Schema, type = 'application/json'): { content: Record<string, { schema: Schema }> } {
  return { content: { [type]: { schema } } }
}
