import { z } from 'zod'
import { type AgentParts, BaseAgent, defineWorkflow, type Workflow } from '../../../base/agent/index.ts'
import { formatTime, indicator } from '../../../base/types/index.ts'
import { coinsInput } from '../../../mcp-tools/bindings/coinsInput.ts'
import { largestCoins } from '../../../mcp-tools/bindings/largestCoins.ts'
import { type TimescaleDBDSL, TimescaleDBMCPWrapper } from '../../../mcp-tools/bindings/TimescaleDBMCPWrapper.ts'
import { computeCoin } from './coin.ts'
import { correlations, marketBreadths, type Owned } from './market.ts'
import { changed, type Owner } from './records.ts'
import { analyticsReport, type CoinReport, reportText } from './report.ts'
import type { AnalyticsSettings } from './settings.ts'

const input = z.object({ coins: coinsInput('only these, such as bitcoin,ethereum; default: those of the settings') })

interface OfCoin {
  readonly coin: string
  readonly owner?: Owner
  readonly report?: CoinReport
}

const retry = { attempts: 3 }

/** Computes indicators and market figures from the stored candles, writes them into the stream as records, and reports. */
export class AnalyticsAgent extends BaseAgent {
  readonly workflows: Readonly<Record<string, Workflow>>
  readonly #parts: AgentParts
  readonly #settings: AnalyticsSettings
  readonly #dsl: TimescaleDBDSL

  constructor(settings: AnalyticsSettings, parts: AgentParts) {
    super({ name: 'analytics', logger: parts.logger })
    this.#parts = parts
    this.#settings = settings
    this.#dsl = new TimescaleDBMCPWrapper(parts.mcp).verbs
    this.workflows = { main: this.#main() }
  }

  override get schedules() {
    return [{ cron: this.#settings.cron, workflow: 'main' }]
  }

  #main() {
    return defineWorkflow({
      name: 'market-analytics',
      summary: 'Computes indicators, volatility regimes, correlations and breadth, and writes them back',
      input,
      output: analyticsReport,
      steps: (start) =>
        start
          .step(
            'choose',
            async ({ coins }, { signal }) =>
              coins ?? this.#settings.coins ?? (await largestCoins(this.#dsl, this.#settings, signal)),
            { retry },
          )
          .forEach(
            'coin',
            (coins) => coins,
            (one) => one.step('compute', (coin) => this.#coin(coin), { retry }),
            { concurrency: 2 },
          )
          .step('market', (coins, { signal }) => this.#market(coins, signal), { retry })
          .step('report', (report) => ({ ...report, text: reportText(report) })),
    })
  }

  async #coin(coin: string): Promise<OfCoin> {
    const computed = await computeCoin(this.#parts.store, coin, this.#settings)
    if (!computed) return { coin }
    const written = await this.#write(computed)
    return { coin, owner: computed.owner, report: { ...computed.report, written } }
  }

  async #market(all: readonly OfCoin[], signal: AbortSignal) {
    const coins = all.flatMap(({ report }) => (report ? [report] : []))
    const owners = all.flatMap(({ owner }) => (owner ? [owner] : []))
    const last = coins.length > 0 ? Math.max(...coins.map(({ time }) => time)) : undefined
    const breadths = await marketBreadths(this.#parts.store, owners, this.#settings)
    const paired = last === undefined ? undefined : await correlations(this.#dsl, owners, last, this.#settings, signal)
    let written = coins.reduce((sum, one) => sum + one.written, 0)
    for (const owned of [...breadths, ...(paired?.owned ?? [])]) written += await this.#write(owned)
    return {
      at: last === undefined ? null : formatTime(last),
      computed: 'float64' as const,
      coins,
      missing: all.filter(({ report }) => !report).map(({ coin }) => coin),
      ...(paired && { correlations: paired.report }),
      ...(breadths[0] && { breadth: breadths[0].report }),
      written,
    }
  }

  async #write({ owner, values }: Owned): Promise<number> {
    const records = await changed(this.#parts.store.pool, owner, values)
    await this.#parts.publish(indicator, records)
    return records.length
  }
}
