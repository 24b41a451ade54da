import { z } from 'zod'
import { ERROR_CODES, type ErrorCode, QiError } from '../../../lib/src/base/types/index.ts'
import { type CallAnswer, type Job, toolNamed } from '../../../lib/src/mcp-tools/index.ts'
import { problemAnswer, StatusError, showToolError } from '../errors.ts'
import { json } from '../headers.ts'
import { defineRoute } from '../route.ts'
import { readJsonObject } from './body.ts'
import { jobSchema, jobWire, known } from './shapes.ts'

/** Time after which a call becomes a job, in milliseconds. */
const WAIT_MS = 2_000
/** Longest such time that a caller may ask for, in seconds. */
const MOST_WAIT_S = 30

const headers = z.object({
  'idempotency-key': z
    .string()
    .min(1)
    .max(200)
    .regex(/^[\x21-\x7e]+$/, 'expected visible ASCII characters without blanks')
    .optional()
    .describe(
      'a key of your own choice: for 24 hours calls with this key and the same arguments run once; other arguments are refused',
    ),
  prefer: z
    .string()
    .max(200)
    .optional()
    .describe(
      `respond-async: a job at once. wait=N: a job after N seconds (at most ${MOST_WAIT_S}; default 2, or 0 for a long tool)`,
    ),
})

export const callToolRoute = defineRoute({
  method: 'POST',
  path: '/api/v1/tools/{name}',
  tag: 'Tools',
  name: 'callTool',
  summary: 'Call a tool',
  description:
    'GET /api/v1/tools lists the arguments; the answer is the structured result. A call that destroys something is refused with 409 first: the member `confirm` of the problem has a question and a token; the same call with `"confirm": TOKEN` runs. A call that takes longer than two seconds is answered with 202 and continues as a job.',
  params: z.object({ name: z.string().min(1).max(100).describe('name of the tool') }),
  headers,
  body: z.record(z.string(), z.unknown()).describe('the arguments by name'),
  responses: {
    200: { description: 'the structured result of the tool', schema: z.record(z.string(), z.unknown()) },
    202: { description: 'the call continues as a job, at the address in Location', schema: jobSchema },
  },
  errors: ['BAD_REQUEST', 'NOT_FOUND', 'CONFLICT', 'RATE_LIMITED', 'BAD_DATA', 'UNSUPPORTED', 'UNAVAILABLE', 'TIMEOUT', 'CLOSED'],
  answer: async ({ calls, tools, logger }, _query, { caller, params, header, request }) => {
    try {
      const tool = toolNamed(params.name, tools)
      const by = known(caller)
      const key = keyOf(header('idempotency-key'))
      const waitMs = waitOf(header('prefer'), tool.long === true)
      const given = await readJsonObject(request)
      const consenting = { by, caller: `http ${by.name}` }
      return answerOf(await calls.call({ tool, given, consenting, key, waitMs, signal: request.signal }))
    } catch (failure) {
      return problemAnswer(showToolError(failure, logger, `POST /api/v1/tools/${params.name}`))
    }
  },
})

/** @throws QiError the error of the earlier call with this key */
function answerOf(answer: CallAnswer): Response {
  const replayed = answer.replayed ? { 'idempotent-replayed': 'true' } : undefined
  if ('structured' in answer) return json(JSON.stringify(answer.structured), 200, replayed)
  const { job } = answer
  if (answer.replayed && job.error !== null) throw thrownBy(job, job.error)
  return json(JSON.stringify(jobWire(job)), 202, { ...replayed, location: `/api/v1/jobs/${job.id}` })
}

function thrownBy({ state, id }: Job, error: string): QiError {
  const { code, message, field } = JSON.parse(error) as { code: ErrorCode; message: string; field?: string }
  const retryable = state !== 'lost' && ERROR_CODES[code].retryable
  // A defect was logged when the call was made.
  return new StatusError(ERROR_CODES[code].http, code, `${message} (job ${id})`, {
    retryable,
    ...(field !== undefined && { field }),
  })
}

function keyOf(given: string | undefined): string | undefined {
  const { success, data, error } = headers.shape['idempotency-key'].safeParse(given)
  if (success) return data
  throw new QiError('BAD_REQUEST', `Idempotency-Key: ${error.issues[0]?.message}; take at most 200 characters, such as a UUID`, {
    field: 'idempotency-key',
  })
}

/** Parses Prefer by RFC 7240; unknown preferences are ignored. */
function waitOf(prefer: string | undefined, long: boolean): number {
  const preferences = (prefer ?? '').split(/[,;]/).map((one) => one.trim().toLowerCase())
  const asked = preferences.flatMap((one) => /^wait\s*=\s*"?(\d{1,6})"?$/.exec(one)?.[1] ?? [])[0]
  if (asked !== undefined) return Math.min(Number(asked), MOST_WAIT_S) * 1000
  return long || preferences.includes('respond-async') ? 0 : WAIT_MS
}
