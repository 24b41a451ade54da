import { type AgentParts, BaseAgent, type Schedule } from '../../../../base/agent/index.ts'
import { LagWatch } from './LagWatch.ts'
import type { CryptoPlatformSettings } from './settings.ts'
import { incidentsWorkflow, watchWorkflow } from './workflows.ts'

/** Watches the health of its platform, restarts failing parts, scales consumers by their lag, explains incidents. */
export class CryptoPlatformAgent extends BaseAgent {
  readonly workflows
  readonly #cron: string

  constructor(parts: AgentParts, settings: CryptoPlatformSettings) {
    // One run at a time: each has to see what the one before has done.
    super({ name: 'crypto-platform', logger: parts.logger, concurrency: 1 })
    this.#cron = settings.cron
    this.workflows = { main: watchWorkflow(parts, settings, new LagWatch(settings)), incidents: incidentsWorkflow(parts) }
  }

  override get schedules(): readonly Schedule[] {
    return [{ cron: this.#cron, workflow: 'main' }]
  }
}
