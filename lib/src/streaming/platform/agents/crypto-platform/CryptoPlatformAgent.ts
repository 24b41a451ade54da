import { type AgentParts, BaseAgent, type Schedule } from '../../../../base/index.ts'
import { LagWatch } from './LagWatch.ts'
import type { CryptoPlatformSettings } from './settings.ts'
import { incidentsWorkflow, watchWorkflow } from './workflows.ts'

/** Watches the health of the platform that it is part of, starts again what fails, scales consumers to the lag, explains incidents. */
export class CryptoPlatformAgent extends BaseAgent {
  readonly workflows
  readonly #cron: string

  constructor(parts: AgentParts, settings: CryptoPlatformSettings) {
    // One look at a time: what one decides, the next must see.
    super({ name: 'crypto-platform', logger: parts.logger, concurrency: 1 })
    this.#cron = settings.cron
    this.workflows = { main: watchWorkflow(parts, settings, new LagWatch(settings)), incidents: incidentsWorkflow(parts) }
  }

  override get schedules(): readonly Schedule[] {
    return [{ cron: this.#cron, workflow: 'main' }]
  }
}
