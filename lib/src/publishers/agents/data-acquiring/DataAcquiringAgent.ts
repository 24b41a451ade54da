import { type AgentHealth, type AgentParts, BaseAgent, type Workflow } from '../../../base/agent/index.ts'
import { type CoinGeckoConfig, CryptoMCPWrapper, openCoinGeckoDSL, planCalls } from '../../sources/coingecko/index.ts'
import { type Budget, budgetOf, requireBudget } from './budget.ts'
import { CoinGeckoAgent } from './CoinGeckoAgent.ts'
import type { AcquiringConfig } from './config.ts'
import { jobsOf } from './jobs.ts'
import { Keeper } from './Keeper.ts'
import { reportOf } from './report.ts'
import { WatchTable } from './table/WatchTable.ts'
import { acquirePass, ageReport, backfillGaps, type Desk } from './workflows.ts'

/** Keeps the instruments of its watch list as fresh as promised. Its sub-agent calls CoinGecko. */
export class DataAcquiringAgent extends BaseAgent {
  readonly workflows: Readonly<Record<string, Workflow>>
  readonly #settings: AcquiringConfig
  readonly #parts: AgentParts
  #desk: Promise<Desk> | undefined

  constructor(settings: AcquiringConfig, parts: AgentParts) {
    super({ name: 'data-acquiring', logger: parts.logger })
    this.#settings = settings
    this.#parts = parts
    const open = () => this.#open()
    this.workflows = {
      main: acquirePass(open),
      report: ageReport(open),
      'backfill-gaps': backfillGaps(open, settings.source, parts),
    }
  }

  override get schedules() {
    const { watch, backfill_cron: cron } = this.#settings
    return watch.length > 0 ? [{ cron, workflow: 'backfill-gaps' }] : []
  }

  /** @throws QiError CONFIG_INVALID with the arithmetic if the account's calls do not suffice for the watch list */
  protected override async prepare(): Promise<void> {
    requireBudget(this.#budget())
  }

  protected override async attend(signal: AbortSignal): Promise<void> {
    const { keeper, sync } = await this.#open()
    await sync()
    if (this.#settings.watch.length > 0) await keeper.keep(signal)
  }

  protected override async examine(): Promise<AgentHealth> {
    const { classes, text } = reportOf(await (await this.#open()).table.states())
    return { ok: classes.every(({ kept }) => kept), summary: text.replaceAll('\n', '; ') }
  }

  protected override async release(): Promise<void> {
    await (await this.#desk?.catch(() => undefined))?.table.close()
  }

  #budget(): Budget {
    const { platform } = this.#parts
    const { settings } = platform.sourceParts(this.#settings.source)
    const running = platform.listSources().find(({ name }) => name === this.#settings.source)?.state !== 'idle'
    return budgetOf(this.#settings.watch, settings as unknown as CoinGeckoConfig, running)
  }

  #open(): Promise<Desk> {
    this.#desk ??= this.#openDesk().catch((error: unknown) => {
      this.#desk = undefined
      throw error
    })
    return this.#desk
  }

  async #openDesk(): Promise<Desk> {
    const { watch, calls_at_once: callsAtOnce } = this.#settings
    const { store, publish, logger } = this.#parts
    const { spacingMs } = requireBudget(this.#budget())
    // Closed with the store.
    const session = store.createPool({ max: 2, applicationName: 'qicore-acquiring' })
    const table = await WatchTable.open(store.pool, session)
    const keeper = new Keeper({ table, coingecko: this.#coingecko(), publish, spacingMs, callsAtOnce, logger })
    return { table, keeper, sync: () => table.sync(jobsOf(watch)) }
  }

  #coingecko(): CoinGeckoAgent {
    const { platform, servers } = this.#parts
    const parts = platform.sourceParts(this.#settings.source)
    if (this.#settings.through === 'rest') return new CoinGeckoAgent(openCoinGeckoDSL(parts))
    const settings = parts.settings as unknown as CoinGeckoConfig
    const limits = { service: 'CoinGecko', limit: planCalls(settings).callsPerMinute }
    const rateLimit = parts.context.rateLimit?.(settings.api_key ?? 'keyless', limits)
    return new CoinGeckoAgent(
      new CryptoMCPWrapper({
        source: this.#settings.source,
        caller: servers,
        logger: this.logger,
        ...(rateLimit && { rateLimit }),
      }),
    )
  }
}
