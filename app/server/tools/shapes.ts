import { z } from 'zod'
import { type Caller, JOB_STATES, type Job, KEPT_HOURS, MOST_RESULT_BYTES } from '../../../lib/src/mcp-tools/index.ts'
import { count, moment } from '../api/schemas.ts'
import { errorObject } from '../errors.ts'
import { unauthorized } from '../guard/guard.ts'

export const effectSchema = z
  .enum(['read', 'write', 'destroy'])
  .describe('read: changes nothing. write: can be repeated or added to. destroy: cannot be undone, and is asked about first')

export const jobSchema = z
  .object({
    id: z.uuid(),
    tool: z.string(),
    effect: effectSchema,
    caller: z.string().describe('name of the token that called, or loopback'),
    arguments: z.record(z.string(), z.unknown()).describe('as they were given, long ones cut, secrets masked'),
    state: z
      .enum(JOB_STATES)
      .describe('lost: its process died before it ended. What was done until then stays done, whatever the state'),
    cancelling: z.boolean().describe('whether it was asked to end and has not ended yet'),
    revision: count('grows with each change; the id of the event that told of it'),
    created_at: moment('when it began'),
    ended_at: moment('when it ended').optional(),
    progress: z
      .object({
        done: z.number(),
        total: z.number().optional().describe('absent where it is not known'),
        message: z.string(),
      })
      .optional()
      .describe('how far it has come'),
    result: z.record(z.string(), z.unknown()).optional().describe('the answer of the tool; absent in a list'),
    result_left_out: z.string().optional().describe('why there is no result although it is done'),
    error: errorObject.optional().describe('why it failed, or was lost'),
  })
  .describe(`A call that outlives its request. Kept for ${KEPT_HOURS} hours after its end`)

export type JobWire = z.input<typeof jobSchema>

/** @param listed whether results are left out anyway */
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
    ? `the result has ${bytes} bytes, and at most ${MOST_RESULT_BYTES} are kept: ask for less at once`
    : 'newer results needed the room: make the call again'

/** The caller of a route that is not open. */
export function known(caller: Caller | undefined): Caller {
  if (caller) return caller
  throw unauthorized()
}
