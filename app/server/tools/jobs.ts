import { z } from 'zod'
import { QiError } from '../../../lib/src/base/types/index.ts'
import { AuditLog, type Caller, type Job, requireRole, type ToolCalls } from '../../../lib/src/mcp-tools/index.ts'
import { json } from '../headers.ts'
import { named } from '../openapi/named.ts'
import { defineRoute } from '../route.ts'
import { after, next, pageOf } from './page.ts'
import { jobSchema, jobWire, known } from './shapes.ts'

const params = z.object({ id: z.uuid().describe('id of the job') })

const schema = named(
  'JobPage',
  z
    .object({
      items: z.array(jobSchema),
      next,
    })
    .describe('Jobs, newest first, without their results'),
)

export const listJobs = defineRoute({
  path: '/api/v1/jobs',
  tag: 'Tools',
  name: 'jobs',
  summary: 'The jobs of the caller; those of all callers for an admin',
  query: z.object({
    limit: z.coerce.number().int().min(1).max(200).default(50).describe('most jobs in a page'),
    after,
  }),
  responses: { 200: { description: 'a page of jobs', schema } },
  errors: ['BAD_REQUEST', 'UNSUPPORTED', 'UNAVAILABLE', 'TIMEOUT', 'CLOSED'],
  answer: async ({ calls }, { limit, after: before }, { caller }) => {
    const by = known(caller)
    const jobs = await calls.list({ limit: limit + 1, before, ...(by.role !== 'admin' && { caller: by.name }) })
    const { items, ...more } = pageOf(jobs, limit, ({ seq }) => seq)
    return json(JSON.stringify({ items: items.map((job) => jobWire(job, true)), ...more } satisfies z.input<typeof schema>))
  },
})

const errors = ['BAD_REQUEST', 'NOT_FOUND', 'UNSUPPORTED', 'UNAVAILABLE', 'TIMEOUT', 'CLOSED'] as const

export const getJob = defineRoute({
  path: '/api/v1/jobs/{id}',
  tag: 'Tools',
  name: 'job',
  summary: 'One job: its state, its progress, its result',
  params,
  responses: { 200: { description: 'the job', schema: jobSchema } },
  errors,
  answer: async ({ calls }, _query, { caller, params: { id } }) =>
    json(JSON.stringify(jobWire(await jobOf(calls, id, known(caller))))),
})

export const cancelJob = defineRoute({
  method: 'DELETE',
  path: '/api/v1/jobs/{id}',
  tag: 'Tools',
  name: 'cancelJob',
  summary: 'Cancel a job; its effects so far stay',
  params,
  responses: { 202: { description: 'the job, which ends as soon as its tool can', schema: jobSchema } },
  errors,
  answer: async ({ calls, platform }, _query, { caller, params: { id } }) => {
    const by = known(caller)
    const job = await jobOf(calls, id, by)
    if (job.effect !== 'read') requireRole(by, 'operator', `to cancel a job of ${job.tool}`)
    if (job.state === 'running') {
      const log = await AuditLog.open(platform.store.pool)
      await log.add({ by, tool: 'cancel_job', effect: 'write', input: { tool: job.tool }, job: id }, 'done')
      await calls.cancel(id, by.name)
    }
    return json(JSON.stringify(jobWire(await jobOf(calls, id, by))), 202)
  },
})

/** The job, if the caller may see it: own jobs, and for an admin all. @throws QiError NOT_FOUND */
export async function jobOf(calls: ToolCalls, id: string, by: Caller): Promise<Job> {
  const job = await calls.get(id)
  if (job && (job.caller === by.name || by.role === 'admin')) return job
  throw new QiError(
    'NOT_FOUND',
    `there is no job ${id} of ${by.name}: GET /api/v1/jobs lists jobs, until 24 hours after their end`,
    {
      field: 'id',
    },
  )
}
