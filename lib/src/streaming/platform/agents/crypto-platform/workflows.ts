import { z } from 'zod'
import {
  type AgentParts,
  countOf,
  defineWorkflow,
  errorMessage,
  explainIncident,
  type Incident,
  IncidentLog,
  incidentShape,
} from '../../../../base/index.ts'
import { decide } from './decide.ts'
import type { LagWatch } from './LagWatch.ts'
import { look } from './looked.ts'
import { type Acted, type Done, record, startedAgain } from './record.ts'
import type { CryptoPlatformSettings } from './settings.ts'

type Parts = Pick<AgentParts, 'platform' | 'stream' | 'store'>

const done = z.array(z.object({ of: z.string(), at: z.string(), what: z.string() }))

const report = z.object({
  status: z.enum(['up', 'degraded', 'down']),
  running: z.boolean().describe('whether the platform runs in this process: only then anything is done or kept'),
  consumers: z.array(z.object({ consumer: z.string(), members: z.int(), lag: z.int() })).describe('as they were when it looked'),
  restarts: done,
  scalings: done,
  incidents: z.array(incidentShape).describe('those that are new, go on, or have ended since it last looked'),
  text: z.string(),
})

const attempted = async (of: string, what: string, work: () => Promise<void>): Promise<Done> => {
  const at = new Date().toISOString()
  try {
    await work()
    return { of, at, what }
  } catch (error) {
    return { of, at, what: `${what}; it failed: ${errorMessage(error).slice(0, 200)}` }
  }
}

export const watchWorkflow = (parts: Parts, settings: CryptoPlatformSettings, lags: LagWatch) =>
  defineWorkflow({
    name: 'platform-watch',
    summary:
      'Looks at every part, starts again what does not mend itself, scales consumers to their lag, and keeps the incidents',
    input: z.object({ act: z.boolean().default(true).describe('whether anything is done, or only told') }),
    output: report,
    steps: (start) =>
      start
        .step('look', ({ act }) => look(parts, { lags, maxMembers: settings.max_members, act }))
        .step('decide', (looked) => decide(looked, settings))
        .parallel('act', (at) => ({
          plan: at.step('keep', (plan) => plan),
          restarts: at.forEach(
            'parts',
            ({ restarts }) => restarts,
            (one) =>
              one.step('start again', ({ part, why }) =>
                attempted(part, startedAgain(why), () => parts.platform.restartPart(part)),
              ),
          ),
          scalings: at.forEach(
            'consumers',
            ({ scalings }) => scalings,
            (one) =>
              one.step('scale', ({ consumer, from, to, why }) =>
                attempted(consumer, `${from} → ${countOf(to, 'reader')}: ${why}`, () =>
                  parts.platform.scaleConsumer(consumer, to),
                ),
              ),
          ),
        }))
        .step('record', (acted, context) => record(acted, parts.store.pool, context))
        .step('report', reportOf),
  })

function reportOf({ plan, restarts, scalings, incidents }: Acted & { readonly incidents: Incident[] }): z.input<typeof report> {
  const { status, running, backlogs, now } = plan.looked
  const lines = [
    running ? `the platform is ${status}` : `the platform does not run in this process; store and stream are ${status}`,
    ...backlogs.map(
      ({ consumer, members, lag }) =>
        `${consumer}: ${countOf(members, 'reader')}, ${countOf(lag, 'record waits', 'records wait')}`,
    ),
    ...scalings.map(({ of, what }) => `${of}: ${what}`),
    ...incidents.map((incident) => explainIncident(incident, now)),
  ]
  return {
    status,
    running,
    consumers: backlogs.map(({ consumer, members, lag }) => ({ consumer, members, lag })),
    restarts: [...restarts],
    scalings: [...scalings],
    incidents,
    text: lines.join('\n'),
  }
}

export const incidentsWorkflow = ({ store }: Parts) =>
  defineWorkflow({
    name: 'platform-incidents',
    summary: 'Tells what was wrong with which part, since when, why, what was done about it, and how it ended',
    input: z.object({
      part: z.string().min(1).max(120).optional().describe('one part alone, such as source coingecko'),
      open: z.boolean().default(false).describe('only those that go on'),
      limit: z.int().min(1).max(500).default(20).describe('most of them, newest first'),
    }),
    output: z.object({ incidents: z.array(incidentShape), text: z.string() }),
    steps: (start) =>
      start.step('read', async (filter) => {
        const incidents = [...(await (await IncidentLog.open(store.pool)).list(filter))]
        const text = incidents.map((incident) => explainIncident(incident, Date.now())).join('\n')
        return { incidents, text: text || 'no incident is known' }
      }),
  })
