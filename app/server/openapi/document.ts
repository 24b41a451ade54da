import type { z } from 'zod'
import { ERROR_CODES, type ErrorCode } from '../../../lib/src/base/types/index.ts'
import { version } from '../../version.ts'
import { problem } from '../errors.ts'
import { PROBLEM_TYPE } from '../headers.ts'
import type { Route } from '../route.ts'
import { routes } from '../routes.ts'
import { live } from './live.ts'
import { jsonSchema, parameterSchema, type Schema, Schemas } from './schemas.ts'
import { TAGS } from './tags.ts'

const DESCRIPTION = `Market data of a QiCore platform: prices, candles and the state of the market, exactly as the sources sent them.

Figures are decimal strings, never floats. Times are ISO 8601 in UTC. A record whose \`origin\` is \`simulated\` was invented by the
simulated market. Unknown parameters are refused. Live records come over the WebSocket at \`/ws\`, and as server-sent
events at \`/api/v1/live\`.`

const PROBLEM = content({ $ref: '#/components/schemas/Problem' }, PROBLEM_TYPE)
const TOKEN = { description: 'the token is missing or wrong', ...PROBLEM }
const SITE = {
  description: 'a page of a foreign origin, a foreign Host header, or a role that does not allow it',
  ...PROBLEM,
}
const LONG = { description: 'address and headers are too long', ...PROBLEM }
const DEFECT = { description: ERROR_CODES.INTERNAL.summary, ...PROBLEM }

/** Error answers of a route that reads a body. */
const BODY = {
  413: { description: 'the body is too long', ...PROBLEM },
  415: { description: 'the body is no application/json', ...PROBLEM },
  422: { description: 'the Idempotency-Key was used for another call before; or a record is invalid', ...PROBLEM },
}

/** The OpenAPI 3.1 document, made from the routes and their schemas. */
export function openapiDocument(): Record<string, unknown> {
  const schemas = new Schemas()
  schemas.use(problem)
  const paths = Object.fromEntries(
    [...Map.groupBy(routes, ({ path }) => path)].map(([path, methods]) => [
      path,
      Object.fromEntries(methods.map((route) => [(route.method ?? 'GET').toLowerCase(), operation(route, schemas)])),
    ]),
  )
  return {
    openapi: '3.1.1',
    info: { title: 'QiCore', version, description: DESCRIPTION, license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: '/', description: 'the server that this document came from' }],
    security: [{ token: [] }, {}],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths: { ...paths, '/ws': { get: live(schemas, { 401: TOKEN, 403: SITE, 431: LONG }) } },
    components: {
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description: 'a token made by qicore token create, or the value of QICORE_TOKEN',
        },
      },
      schemas: schemas.all(),
    },
  }
}

export const openapiText = (): string => `${JSON.stringify(openapiDocument(), null, 2)}\n`

function operation(route: Route, schemas: Schemas): Record<string, unknown> {
  const responses: Record<string, unknown> = {}
  for (const [status, { description, schema, type, more = [], empty }] of Object.entries(route.responses)) {
    const { content: main } = content(schema ? schemas.use(schema) : type ? { type: 'string' } : { type: 'object' }, type)
    const others = Object.fromEntries(more.map((other) => [other, { schema: { type: 'string', format: 'binary' } }]))
    responses[status] = { description, ...(!empty && { content: { ...main, ...others } }) }
  }
  for (const [status, codes] of byStatus(route.errors))
    responses[status] ??= {
      description: codes.map((code) => `${code}: ${ERROR_CODES[code].summary}`).join('; '),
      ...PROBLEM,
    }
  if (!route.open) responses['401'] = TOKEN
  responses['403'] = SITE
  if (route.body) Object.assign(responses, BODY)
  responses['431'] = LONG
  responses['500'] = DEFECT
  return {
    operationId: route.name,
    tags: [route.tag],
    summary: route.summary,
    ...(route.description !== undefined && { description: route.description }),
    ...(route.open && { security: [] }),
    ...parametersOf(route),
    ...(route.body && { requestBody: { required: true, ...content(schemas.use(route.body)) } }),
    responses: Object.fromEntries(Object.entries(responses).sort(([a], [b]) => Number(a) - Number(b))),
  }
}

function parametersOf({ params, query, headers }: Route): { parameters?: unknown[] } {
  const all = [...parameters('path', params), ...parameters('query', query), ...parameters('header', headers)]
  return all.length > 0 ? { parameters: all } : {}
}

function parameters(place: 'path' | 'query' | 'header', shape: z.ZodObject | undefined): unknown[] {
  if (!shape) return []
  const { required = [] } = jsonSchema(shape) as { required?: readonly string[] }
  return Object.entries(shape.shape).map(([name, field]) => ({
    name,
    in: place,
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
