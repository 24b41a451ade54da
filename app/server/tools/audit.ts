import { z } from 'zod'
import { AUDIT_DAYS, AUDIT_LINES, type AuditLine, AuditLog, OUTCOMES } from '../../../lib/src/mcp-tools/index.ts'
import { moment } from '../api/schemas.ts'
import { json } from '../headers.ts'
import { named } from '../openapi/named.ts'
import { defineRoute } from '../route.ts'
import { after, next, pageOf } from './page.ts'
import { effectSchema } from './shapes.ts'

const line = named(
  'AuditLine',
  z
    .object({
      id: z.string(),
      at: moment('start of the call'),
      ended_at: moment('end of the call').optional(),
      caller: z.string().describe('name of the token, loopback, or the user of the command line'),
      role: z.string(),
      address: z.string().optional().describe('remote address'),
      face: z.string().describe('http, mcp or cli'),
      tool: z.string(),
      effect: effectSchema,
      arguments: z.record(z.string(), z.unknown()).describe('long ones cut, secrets masked'),
      outcome: z
        .enum(OUTCOMES)
        .describe('started: it runs, or its process died. asked: it waits for consent. refused: nothing was done'),
      error: z.string().optional(),
      job: z.string().optional().describe('id of its job'),
    })
    .describe('One call that changed something, or tried to'),
)

const schema = named(
  'AuditPage',
  z
    .object({
      items: z.array(line),
      next,
    })
    .describe(`The audit log, newest first: ${AUDIT_DAYS} days, and at most ${AUDIT_LINES} lines`),
)

export const audit = defineRoute({
  path: '/api/v1/audit',
  tag: 'Tools',
  name: 'audit',
  summary: 'The audit log: who changed something, or tried to, and the outcome; for admins',
  role: 'admin',
  query: z.object({
    limit: z.coerce.number().int().min(1).max(500).default(100).describe('most lines in a page'),
    after,
    caller: z.string().max(100).optional().describe('only calls of this caller'),
    tool: z.string().max(100).optional().describe('only calls of this tool'),
    outcome: z.enum(OUTCOMES).optional().describe('only calls with this outcome'),
  }),
  responses: { 200: { description: 'a page of the log', schema } },
  errors: ['BAD_REQUEST', 'UNAVAILABLE', 'TIMEOUT', 'CLOSED'],
  answer: async ({ platform }, { limit, after: before, ...filter }) => {
    const log = await AuditLog.open(platform.store.pool)
    const lines = await log.list({ ...filter, limit: limit + 1, before })
    const { items, ...more } = pageOf(lines, limit, ({ id }) => id)
    return json(JSON.stringify({ items: items.map(lineWire), ...more } satisfies z.input<typeof schema>))
  },
})

const lineWire = ({ at, ended_at, address, error, job, ...line }: AuditLine): z.input<typeof schema>['items'][number] => ({
  ...line,
  arguments: JSON.parse(line.arguments) as Record<string, unknown>,
  at: at.toISOString(),
  ...(ended_at && { ended_at: ended_at.toISOString() }),
  ...(address !== null && { address }),
  ...(error !== null && { error }),
  ...(job !== null && { job }),
})
