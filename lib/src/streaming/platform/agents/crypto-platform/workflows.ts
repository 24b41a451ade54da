import { z } from 'zod'
import {
  type AgentParts,
  defineWorkflow,
  explainIncident,
  type Incident,
  IncidentLog,
  incidentShape,
} from '../../../../base/agent/index.ts'
import { countOf, errorMessage } from '../../../../base/types/index.ts'
import { decide } from './decide.ts'
import type { LagWatch } from './LagWatch.ts'
import { type Acted, type Done, record, restarted } from './record.ts'
import type { CryptoPlatformSettings } from './settings.ts'
import { snapshotOf } from './snapshot.ts'

type Parts = Pick<AgentParts, 'platform' | 'stream' | 'store'>

const done = z.array(z.object({ of: z.string(), at: z.string(), what: z.string() }))

const report = z.object({
  status: z.enum(['up', 'degraded', 'down']),
  running: z.boolean().describe('true if the platform runs in this process: only then the agent acts and keeps incidents'),
  consumers: z.array(z.object({ consumer: z.string(), members: z.int(), lag: z.int() })).describe('as they were at the check'),
  restarts: done,
  scalings: done,
  incidents: z.array(incidentShape).describe('new, ongoing, or ended since the last check'),
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
    summary: 'Checks every part, restarts parts that do not recover, scales consumers by their lag, and keeps incidents',
    input: z.object({ act: z.boolean().default(true).describe('true to act; false only reports') }),
    output: report,
    steps: (start) =>
      start
        .step('look', ({ act }) => snapshotOf(parts, { lags, maxMembers: settings.max_members, act }))
        .step('decide', (snapshot) => decide(snapshot, settings))
        .parallel('act', (at) => ({
          plan: at.step('keep', (plan) => plan),
          restarts: at.forEach(
            'parts',
            ({ restarts }) => restarts,
            (one) =>
              one.step('start again', ({ part, why }) => attempted(part, restarted(why), () => parts.platform.restartPart(part))),
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
  const { status, running, backlogs, now } = plan.snapshot
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
    summary: 'Lists incidents: part, since when, why, actions taken, and how they ended',
    input: z.object({
      part: z.string().min(1).max(120).optional().describe('only this part, such as source coingecko'),
      open: z.boolean().default(false).describe('only ongoing incidents'),
      limit: z.int().min(1).max(500).default(20).describe('most incidents, newest first'),
    }),
    output: z.object({ incidents: z.array(incidentShape), text: z.string() }),
    steps: (start) =>
      start.step('read', async (filter) => {
        const incidents = [...(await (await IncidentLog.open(store.pool)).list(filter))]
        const text = incidents.map((incident) => explainIncident(incident, Date.now())).join('\n')
        return { incidents, text: text || 'no incident is known' }
      }),
  })
