import { type Logger, silentLogger } from '../../../base/types/index.ts'
import { CryptoDataPlatform } from '../CryptoDataPlatform.ts'
import type { PlatformConfig } from '../config.ts'
import { Backfill } from './Backfill.ts'

export interface BackfillOptions {
  readonly config: PlatformConfig
  readonly logger?: Logger
  /** Called with one line for people: what the backfill waits for, and why. */
  readonly onNotice?: (line: string) => void
  readonly signal?: AbortSignal
}

/** Opens a backfill with a platform of its own that runs no source. @throws QiError if store or stream cannot be opened */
export async function openBackfill({ config, logger = silentLogger, onNotice, signal }: BackfillOptions): Promise<Backfill> {
  const platform = new CryptoDataPlatform({
    config: { ...config, sources: { ...config.sources, run: [] } },
    logger,
    ...(onNotice && { onNotice }),
    role: 'command',
  })
  await platform.initialize(signal)
  const host = { ...platform.backfillHost, consume: () => platform.start(), close: () => platform.stop() }
  return new Backfill(host, logger, onNotice)
}
