import { z } from 'zod'
import { defineTool } from '../../base/agent/index.ts'
import { saying } from '../shared/text.ts'

const status = z.enum(['up', 'degraded', 'down'])
const MOST_PARTS = 30

export const platformHealth = defineTool({
  name: 'platform_health',
  title: 'Platform health',
  summary:
    'Is everything running? Exercises store and stream. For each part: status, since when, why, and the next step; parts that are not up come first. For the data itself use get_data_health.',
  set: 'PlatformTools',
  inDefaultSet: true,
  effect: 'read',
  input: z.object({ unwell: z.boolean().default(false).describe('only parts that are not up') }),
  output: z.object({
    status: status.describe('down when store or stream is, degraded when any other part is not up'),
    parts: z.array(
      z.object({
        name: z.string(),
        status,
        since: z.string(),
        why: z.string(),
        action: z.string().optional().describe('the next step: done by the platform, or for the user'),
      }),
    ),
    parts_in_all: z.number(),
    state: z.string().describe('what the platform does in this process; initialized: it only serves tools'),
    running_elsewhere: z.boolean().optional().describe('whether another process runs the platform on this store'),
  }),
  async run({ unwell }, { platform, coverage }) {
    const { status: overall, parts } = await platform.health()
    const { state } = platform.getStatus()
    const elsewhere = state === 'running' ? undefined : await coverage.platformRuns().catch(() => undefined)
    const order = { down: 0, degraded: 1, up: 2 }
    return {
      status: overall,
      parts: parts
        .filter((part) => !unwell || part.status !== 'up')
        .toSorted((a, b) => order[a.status] - order[b.status])
        .slice(0, MOST_PARTS)
        .map(({ name, status: how, since, summary, action }) => ({
          name,
          status: how,
          since: new Date(since).toISOString(),
          why: summary.slice(0, 300),
          ...(action !== undefined && { action: action.slice(0, 300) }),
        })),
      parts_in_all: parts.length,
      state,
      ...(elsewhere !== undefined && { running_elsewhere: elsewhere }),
    }
  },
  facts: ({ parts, running_elsewhere: elsewhere }) => ({
    missing: [
      parts.length >= MOST_PARTS && `more than ${MOST_PARTS} parts: pass unwell`,
      elsewhere && 'the platform runs in another process, whose parts are not seen here',
    ],
  }),
  text: ({ status: overall, parts, state }) =>
    [
      `the platform is ${overall} (${state})`,
      ...parts.map(
        ({ name, status: how, since, why, action }) =>
          `${name}: ${how} since ${since}, ${saying(why)}${action ? `; ${action}` : ''}`,
      ),
    ].join('\n'),
})
