import { z } from 'zod'
import type { RunStatus } from '../../../lib/src/base/agent/index.ts'
import type { AgentOverview } from '../../../lib/src/streaming/platform/index.ts'
import { json } from '../headers.ts'
import { named } from '../openapi/named.ts'
import { defineRoute } from '../route.ts'
import { count, moment } from './schemas.ts'
import { isoMillis } from './wire.ts'

const run = named(
  'AgentRun',
  z
    .object({
      id: z.string().describe('id for qicore agent status, approve and cancel'),
      workflow: z.string(),
      state: z
        .enum(['running', 'waiting', 'stranded', 'succeeded', 'failed', 'cancelled'])
        .describe('waiting: for an answer of a human. stranded: started by a version with other steps, of which no process runs'),
      started_at: moment('start of the run'),
      duration_ms: count('duration; absent until it has ended').optional(),
      error: z.string().optional().describe('why it failed'),
      questions: z.array(z.string()).describe('questions to a human'),
    })
    .describe('One run of a workflow'),
)

const agent = named(
  'Agent',
  z
    .object({
      name: z.string(),
      summary: z.string().describe('its purpose'),
      scheduled: z.boolean().describe('true if agents.run names it, so that it runs on its schedules'),
      state: z
        .enum(['off', 'initializing', 'idle', 'working', 'error', 'stopped'])
        .describe('off: not started in this process. error: its start or its last run failed'),
      error: z.string().optional().describe('the last failure, until something succeeds'),
      schedules: z
        .array(
          named(
            'AgentSchedule',
            z.object({
              workflow: z.string().describe('name of the workflow'),
              cron: z.string().describe('minute, hour, day, month and weekday, in UTC'),
              next: moment('time of the next run; absent if it does not run on its schedules').optional(),
            }),
          ),
        )
        .describe('its schedules; empty while it is off'),
      runs: z.array(run).describe('its last five runs in any process of the store, newest first; empty while it is off'),
    })
    .describe('One agent'),
)

const schema = named('AgentList', z.object({ items: z.array(agent) }).describe('All agents, by name'))

export const agents = defineRoute({
  path: '/api/v1/agents',
  tag: 'Platform',
  name: 'agents',
  summary: 'The agents, their schedules and their last runs',
  responses: { 200: { description: 'all agents', schema } },
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
