import { z } from 'zod'
import { type Caller, JOB_STATES, type Job, KEPT_HOURS, MOST_RESULT_BYTES } from '../../../lib/src/mcp-tools/index.ts'
import { count, moment } from '../api/schemas.ts'
import { errorObject } from '../errors.ts'
import { unauthorized } from '../guard/guard.ts'
import { named } from '../openapi/named.ts'

export const effectSchema = z
  .enum(['read', 'write', 'destroy'])
  .describe('read: changes nothing. write: adds or changes something. destroy: cannot be undone, and needs consent')

export const jobSchema = named(
  'Job',
  z
    .object({
      id: z.uuid(),
      tool: z.string(),
      effect: effectSchema,
      caller: z.string().describe('name of the token that called, or loopback'),
      arguments: z.record(z.string(), z.unknown()).describe('the arguments; long ones cut, secrets masked'),
      state: z.enum(JOB_STATES).describe('lost: its process died before it ended. Its effects stay in any state'),
      cancelling: z.boolean().describe('true if it was cancelled and has not ended yet'),
      revision: count('grows with each change; also the id of the event of that change'),
      created_at: moment('start of the job'),
      ended_at: moment('end of the job').optional(),
      progress: named(
        'JobProgress',
        z.object({
          done: z.number(),
          total: z.number().optional().describe('absent if unknown'),
          message: z.string(),
        }),
      )
        .optional()
        .describe('progress'),
      result: z.record(z.string(), z.unknown()).optional().describe('the answer of the tool; absent in a list'),
      result_left_out: z.string().optional().describe('why a job that is done has no result'),
      error: errorObject.optional().describe('why it failed, or was lost'),
    })
    .describe(`A call that outlives its request. Kept for ${KEPT_HOURS} hours after its end`),
)

export type JobWire = z.input<typeof jobSchema>

/** @param listed true in a list, where results are left out */
export function jobWire(job: Job, listed = false): JobWire {
  const {
    id,
    tool,
    effect,
    caller,
    state,
    revision,
    created_at,
    ended_at,
    done,
    total,
    message,
    result,
    result_bytes: bytes,
  } = job
  const leftOut = !listed && state === 'done' && result === null
  return {
    id,
    tool,
    effect,
    caller,
    arguments: JSON.parse(job.arguments) as Record<string, unknown>,
    state,
    cancelling: job.cancel && state === 'running',
    revision,
    created_at: created_at.toISOString(),
    ...(ended_at && { ended_at: ended_at.toISOString() }),
    ...(done !== null && { progress: { done, ...(total !== null && { total }), message: message ?? '' } }),
    ...(result !== null && { result: JSON.parse(result) as Record<string, unknown> }),
    ...(leftOut && { result_left_out: whyLeftOut(bytes ?? 0) }),
    ...(job.error !== null && { error: JSON.parse(job.error) as NonNullable<JobWire['error']> }),
  }
}

const whyLeftOut = (bytes: number): string =>
  bytes > MOST_RESULT_BYTES
    ? `the result has ${bytes} bytes, more than the ${MOST_RESULT_BYTES} that are kept: ask for less at once`
    : 'it was dropped in favour of newer results: make the call again'

/** The caller of a route that is not open. @throws QiError UNAUTHORIZED without one */
export function known(caller: Caller | undefined): Caller {
  if (caller) return caller
  throw unauthorized()
}
