import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { AGENT_CHANNEL, type AgentRunEvent } from '../../../lib/src/base/types/index.ts'

/** Buckets up to a day, because a run may wait for a human. */
const SECONDS = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 86_400]

/** Runs of the agents of this process, from their diagnostics channel. */
export function agentMetrics(register: Registry): { close(): void } {
  const running = new Gauge({
    name: 'qicore_agent_runs_in_progress',
    help: 'Runs of workflows in progress, including runs that wait for a human',
    labelNames: ['agent'] as const,
    registers: [register],
  })
  const ended = new Counter({
    name: 'qicore_agent_runs_total',
    help: 'Runs of workflows that have ended, by state: succeeded, failed, cancelled',
    labelNames: ['agent', 'workflow', 'state'] as const,
    registers: [register],
  })
  const duration = new Histogram({
    name: 'qicore_agent_run_duration_seconds',
    help: 'Time from the start of a run to its end',
    labelNames: ['agent', 'workflow'] as const,
    buckets: SECONDS,
    registers: [register],
  })
  const onRun = (message: unknown) => {
    const event = message as AgentRunEvent
    const { agent, workflow, state } = event
    running.set({ agent }, event.running)
    if (state === 'started') return
    ended.inc({ agent, workflow, state })
    if (event.ms !== undefined) duration.observe({ agent, workflow }, event.ms / 1000)
  }
  subscribe(AGENT_CHANNEL, onRun)
  return { close: () => unsubscribe(AGENT_CHANNEL, onRun) }
}
