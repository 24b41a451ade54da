import type { Logger, PartHealth } from '../../../base/types/index.ts'
import type { PlatformConfig } from '../config.ts'
import type { Engines } from '../Engines.ts'
import type { Supervisor } from '../supervisor.ts'
import { GroupKeeper, type GroupKeeperOptions } from './GroupKeeper.ts'
import { janitor } from './janitor.ts'
import { keepRollups } from './rollups.ts'

export interface UpkeepOptions extends Omit<GroupKeeperOptions, 'engines' | 'unreadMs' | 'logger'> {
  readonly config: PlatformConfig
  readonly engines: Pick<Engines, 'store' | 'stream' | 'deadLetters'>
  readonly supervisor: Supervisor
  readonly logger: Logger
}

/** Maintenance of store and stream: rollups, retention, the read-only role for SQL, and the lag of groups without members. */
export class Upkeep {
  readonly #options: UpkeepOptions
  readonly #groups: GroupKeeper

  constructor({ logger, ...options }: UpkeepOptions) {
    this.#options = { logger, ...options }
    this.#groups = new GroupKeeper({
      ...options,
      unreadMs: options.config.embedded_stream.unread_retention_ms ?? Number.POSITIVE_INFINITY,
      logger: logger.child({ part: 'group keeper' }),
    })
  }

  /**
   * Starts rollups and retention. Returns once the configured policies are applied: those that a tool or an agent sets afterwards stay.
   * {@link startGroups} has to wait until the deliveries run.
   */
  async start(): Promise<void> {
    const { config, engines, supervisor, logger } = this.#options
    const { store } = engines
    supervisor.add('rollups', (signal) => keepRollups(store, config.store.rollups, signal))
    await store.access.keep(logger)
    const { run, tried } = janitor(store, config.store, logger.child({ part: 'janitor' }))
    supervisor.add('janitor', run)
    await tried
  }

  /** Starts to bound the lag of groups without members. */
  startGroups(): void {
    this.#options.supervisor.add('group keeper', (signal) => this.#groups.run(signal))
  }

  health(): readonly Omit<PartHealth, 'since'>[] {
    return this.#groups.health()
  }
}
