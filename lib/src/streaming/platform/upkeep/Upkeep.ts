import type { Logger, PartHealth, Store } from '../../../base/index.ts'
import type { PlatformConfig } from '../config.ts'
import type { Supervisor } from '../supervisor.ts'
import { GroupKeeper, type GroupKeeperOptions } from './GroupKeeper.ts'
import { janitor } from './janitor.ts'
import { keepRollups } from './rollups.ts'

export interface UpkeepOptions extends Omit<GroupKeeperOptions, 'pool' | 'unreadMs' | 'logger'> {
  readonly config: PlatformConfig
  readonly store: Store
  readonly supervisor: Supervisor
  readonly logger: Logger
}

/** Keeps store and stream in shape while records come and go: rollups, retention, and the lag of groups that nobody reads for. */
export class Upkeep {
  readonly #options: UpkeepOptions
  readonly #groups: GroupKeeper

  constructor({ logger, ...options }: UpkeepOptions) {
    this.#options = { logger, ...options }
    this.#groups = new GroupKeeper({
      ...options,
      pool: options.store.pool,
      unreadMs: options.config.embedded_stream.unread_retention_ms ?? Number.POSITIVE_INFINITY,
      logger: logger.child({ part: 'group keeper' }),
    })
  }

  /**
   * Returns once the policies of the store are those of the configuration: what is set from then on, by a tool or an agent, stays.
   * Groups are kept by {@link startGroups}, once the deliveries run.
   */
  async start(): Promise<void> {
    const { config, store, supervisor, logger } = this.#options
    supervisor.add('rollups', (signal) => keepRollups(store, config.store.rollups, signal))
    const { run, tried } = janitor(store, config.store, logger.child({ part: 'janitor' }))
    supervisor.add('janitor', run)
    await tried
  }

  startGroups(): void {
    this.#options.supervisor.add('group keeper', (signal) => this.#groups.run(signal))
  }

  health(): readonly Omit<PartHealth, 'since'>[] {
    return this.#groups.health()
  }
}
