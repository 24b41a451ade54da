import { type Logger, silentLogger } from '../../../base/types/index.ts'
import { CryptoDataPlatform } from '../CryptoDataPlatform.ts'
import type { PlatformConfig } from '../config.ts'
import { FileImport } from './FileImport.ts'

export interface ImportOptions {
  readonly config: PlatformConfig
  readonly logger?: Logger
  /** Called with one line for people: what the import waits for, and why. */
  readonly onNotice?: (line: string) => void
  readonly signal?: AbortSignal
}

/** Opens an import with a platform of its own that runs no source. @throws QiError if store or stream cannot be opened */
export async function openImport({ config, logger = silentLogger, onNotice, signal }: ImportOptions): Promise<FileImport> {
  const platform = new CryptoDataPlatform({
    config: { ...config, sources: { ...config.sources, run: [] } },
    logger,
    ...(onNotice && { onNotice }),
    role: 'command',
  })
  await platform.initialize(signal)
  const host = {
    ...platform.backfillHost,
    consume: () => platform.start(),
    isSource: (name: string) => config.sources.instances.has(name),
    counts: () => {
      const stores = platform.getStatus().consumers
      const sum = (of: (one: (typeof stores)[number]) => number) => stores.reduce((total, one) => total + of(one), 0)
      return { written: sum(({ written }) => written), overwritten: sum(({ overwritten }) => overwritten) }
    },
    close: () => platform.stop(),
  }
  return new FileImport(host, logger)
}
