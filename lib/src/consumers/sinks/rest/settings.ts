import { z } from 'zod'
import { parseSize, quantityText } from '../../../base/types/index.ts'
import { checkHttp, httpSettings } from '../shared/http/settings.ts'
import { type Template, templateProblem, textsIn } from './template.ts'

/** Headers that the HTTP client sets. */
const OURS: readonly string[] = [
  ...['host', 'connection', 'content-length', 'transfer-encoding', 'content-encoding', 'expect', 'upgrade', 'te', 'trailer'],
]
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

const headerName = z
  .string()
  .regex(TOKEN, 'is not the name of a header')
  .refine((name) => !OURS.includes(name.toLowerCase()), 'is a header that the connection sets itself: leave it out')
const headerValue = z.string().regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'contains a character that is not allowed in headers')

const template: z.ZodType<Template> = z.lazy(() =>
  z.union([z.null(), z.boolean(), z.number(), z.string(), z.array(template), z.record(z.string(), template)]),
)

const fields = z.object({
  url: z
    .string()
    .describe('where records are sent; {{field}} in its path or query is a value of the record, with send: one')
    .meta({ secret: true }),
  method: z.enum(['POST', 'PUT', 'PATCH']).default('POST').describe('the method of the requests'),
  headers: z
    .record(headerName, headerValue)
    .default({})
    .describe('headers of each request, such as Authorization; never shown')
    .meta({ secret: true }),
  send: z
    .enum(['one', 'many'])
    .default('one')
    .describe('one: a request for each record; many: a JSON array of up to max_records of one partition'),
  body: template
    .optional()
    .describe(
      'JSON made of each record: "{{field}}" is its value, "{{field | number}}" a number without quotes, with all its digits; unset: the record as it was streamed',
    ),
  max_records: z.int().min(1).max(10_000).default(100).describe('most records in a request, with send: many'),
  max_bytes: quantityText(parseSize).default('1MiB').describe('most bytes of records in a request; a larger record goes alone'),
  idempotency_header: headerName
    .default('Idempotency-Key')
    .describe('header with an id that stays the same when the request is repeated'),
  also_done: z
    .array(z.int().min(400).max(499))
    .default([])
    .describe('statuses that mean success, such as 409 for a record that the receiver already has'),
  ...httpSettings,
})

export type RestSettings = z.output<typeof fields>

export const restSettings = fields.check((context) => {
  const { value, issues } = context
  const wrong = (path: PropertyKey, message: string | undefined) => {
    if (message) issues.push({ code: 'custom', input: undefined, path: [path], message })
  }
  const problem = urlProblem(value)
  if (problem) wrong('url', problem)
  else checkHttp(context)
  for (const text of textsIn(value.body ?? null)) wrong('body', templateProblem(text))
})

function urlProblem({ url, send }: RestSettings): string | undefined {
  if (!/\{\{|\}\}/.test(url)) return undefined
  const host = /^https?:\/\/[^/?#]*/i.exec(url)?.[0] ?? ''
  if (/[{}]/.test(host)) return 'must name its host itself: {{field}} is allowed only in the path and the query'
  if (send === 'many') return 'has {{field}} of a single record: set send to one'
  return templateProblem(url)
}
