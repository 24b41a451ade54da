import { type AgentParts, BaseAgent, type Workflow } from '../../../base/agent/index.ts'
import { openAlerts } from '../../../base/alerts/index.ts'
import { alertWatch, marketAnalysis } from './analysis.ts'
import type { CryptoDSL } from './CryptoDSL.ts'
import type { MarketSettings } from './settings.ts'

/** An agent that watches a market. Subclasses choose the carriers of its verbs. */
export abstract class MarketAgent extends BaseAgent {
  readonly workflows: Readonly<Record<string, Workflow>>
  readonly #parts: AgentParts
  readonly #settings: MarketSettings
  readonly #prefix: string
  readonly #dsl: CryptoDSL

  /** @param prefix prefix of its workflow names, which are unique among all agents */
  constructor(name: string, prefix: string, parts: AgentParts, settings: MarketSettings, dsl: CryptoDSL) {
    super({ name, logger: parts.logger })
    this.#parts = parts
    this.#settings = settings
    this.#prefix = prefix
    this.#dsl = dsl
    this.workflows = {
      main: this.createMarketAnalysisWorkflow(),
      alerts: alertWatch(`${prefix}market-alerts`, { agent: name, dsl, settings }),
    }
  }

  /** The workflow `main`: figures, indicators, anomalies, alerts and a report of the coins that the settings or its input name. */
  createMarketAnalysisWorkflow(): ReturnType<typeof marketAnalysis> {
    return marketAnalysis(`${this.#prefix}market-analysis`, { agent: this.name, dsl: this.#dsl, settings: this.#settings })
  }

  override get schedules() {
    const { cron, alerts_cron, alerts } = this.#settings
    return [{ cron, workflow: 'main' }, ...(alerts.length > 0 ? [{ cron: alerts_cron, workflow: 'alerts' }] : [])]
  }

  protected override async prepare(): Promise<void> {
    await openAlerts(this.#parts.store.pool)
  }
}
