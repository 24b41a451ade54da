import { type AgentParts, BaseAgent, type Workflow } from '../../../base/index.ts'
import { openAlerts } from './alerts/ledger.ts'
import { alertWatch, marketAnalysis } from './analysis.ts'
import type { CryptoDSL } from './CryptoDSL.ts'
import type { MarketSettings } from './settings.ts'

/** An agent that watches a market. Which one it is lies in what carries its verbs out. */
export abstract class MarketAgent extends BaseAgent {
  readonly workflows: Readonly<Record<string, Workflow>>
  readonly #parts: AgentParts
  readonly #settings: MarketSettings

  /** @param prefix of the names of its workflows, which are unique among all agents */
  constructor(name: string, prefix: string, parts: AgentParts, settings: MarketSettings, dsl: CryptoDSL) {
    super({ name, logger: parts.logger })
    this.#parts = parts
    this.#settings = settings
    const of = { agent: name, dsl, settings }
    this.workflows = {
      main: marketAnalysis(`${prefix}market-analysis`, of),
      alerts: alertWatch(`${prefix}market-alerts`, of),
    }
  }

  override get schedules() {
    const { cron, alerts_cron, alerts } = this.#settings
    return [{ cron, workflow: 'main' }, ...(alerts.length > 0 ? [{ cron: alerts_cron, workflow: 'alerts' }] : [])]
  }

  protected override async prepare(): Promise<void> {
    await openAlerts(this.#parts.store.pool)
  }
}
