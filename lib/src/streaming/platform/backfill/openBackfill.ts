import { type Logger, silentLogger } from '../../../base/index.ts'
import { CryptoDataPlatform } from '../CryptoDataPlatform.ts'
import type { PlatformConfig } from '../config.ts'
import { Backfill } from './Backfill.ts'

export interface BackfillOptions {
  readonly config: PlatformConfig
  readonly logger?: Logger
  /** Lines for people: what is waited for, and why. */
  readonly onNotice?: (line: string) => void
  readonly signal?: AbortSignal
}

/** A backfill with a platform of its own, which runs no source. @throws QiError when store or stream cannot be had */
export async function openBackfill({ config, logger = silentLogger, onNotice, signal }: BackfillOptions): Promise<Backfill> {
  const notice = onNotice ?? (() => {})
  const platform = new CryptoDataPlatform({
    config: { ...config, sources: { ...config.sources, run: [] } },
    logger,
    onNotice: notice,
    announced: false,
  })
  await platform.initialize(signal)
  const host = {
    config: platform.config,
    store: platform.store,
    coverage: platform.coverage,
    stream: platform.stream,
    openHistory: (source: string) => platform.openHistory(source),
    consume: () => platform.start(),
    close: () => platform.stop(),
  }
  return new Backfill(host, logger, notice)
}
