import { z } from 'zod'
import type { RunStatus } from '../../../lib/src/base/index.ts'
import type { AgentOverview } from '../../../lib/src/streaming/platform/index.ts'
import { json } from '../headers.ts'
import { defineRoute } from '../route.ts'
import { count, moment } from './schemas.ts'
import { isoMillis } from './wire.ts'

const run = z
  .object({
    id: z.string().describe('as qicore agent status, approve and cancel take it'),
    workflow: z.string(),
    state: z
      .enum(['running', 'waiting', 'stranded', 'succeeded', 'failed', 'cancelled'])
      .describe('waiting: for a human. stranded: begun by a version with other steps, of which none runs'),
    started_at: moment('when it began'),
    duration_ms: count('how long it took; absent while it has not ended').optional(),
    error: z.string().optional().describe('why it failed'),
    questions: z.array(z.string()).describe('what it asks a human'),
  })
  .describe('One run of a workflow')

const agent = z
  .object({
    name: z.string(),
    summary: z.string().describe('what it does'),
    scheduled: z.boolean().describe('whether agents.run has it work by its schedules'),
    state: z
      .enum(['off', 'initializing', 'idle', 'working', 'error', 'stopped'])
      .describe('off: it was not started in this process. error: it could not start, or what it did last failed'),
    error: z.string().optional().describe('what failed last, while nothing has succeeded since'),
    schedules: z
      .array(
        z.object({
          workflow: z.string().describe('as the agent calls it'),
          cron: z.string().describe('minute, hour, day, month and weekday, in UTC'),
          next: moment('when it is due next; absent where it does not work by its schedules').optional(),
        }),
      )
      .describe('what it does by itself; empty while it is off'),
    runs: z.array(run).describe('of an agent that is not off its last five runs in any process of the store, newest first'),
  })
  .describe('One agent')

const schema = z.object({ items: z.array(agent) }).describe('All agents, by name')

export const agents = defineRoute({
  path: '/api/v1/agents',
  name: 'agents',
  summary: 'The agents, what they do by themselves, and their last runs',
  responses: { 200: { description: 'all agents there are', schema } },
  errors: ['BAD_REQUEST', 'UNAVAILABLE', 'TIMEOUT', 'CLOSED'],
  answer: async ({ platform }) => {
    const items = (await platform.listAgents?.()) ?? []
    return json(JSON.stringify({ items: items.map(agentWire) } satisfies z.input<typeof schema>))
  },
})

const agentWire = ({ name, summary, scheduled, status, runs }: AgentOverview): z.input<typeof agent> => ({
  name,
  summary,
  scheduled,
  state: status?.state ?? 'off',
  ...(status?.lastError !== undefined && { error: status.lastError }),
  schedules: (status?.schedules ?? []).map(({ workflow, cron, next }) => ({
    workflow,
    cron,
    ...(next !== undefined && { next: isoMillis(next) }),
  })),
  runs: runs.map(runWire),
})

const runWire = ({ id, workflow, state, startedAt, endedAt, error, questions }: RunStatus): z.input<typeof run> => ({
  id,
  workflow,
  state,
  started_at: isoMillis(startedAt),
  ...(endedAt !== undefined && { duration_ms: Math.max(0, endedAt - startedAt) }),
  ...(error !== undefined && { error }),
  questions: questions.map(({ question }) => question),
})
