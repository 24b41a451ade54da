import { join } from 'node:path'
import type { Store } from '../lib/src/base/database/index.ts'
import { type Stream, silentLogger } from '../lib/src/base/types/index.ts'
import { loadConfig, openStoreFor, openStreamFor } from '../lib/src/streaming/platform/index.ts'

export interface Engines extends AsyncDisposable {
  readonly store: Store
  readonly stream: Stream
  readonly brokers: readonly string[] | undefined
}

/** Store and stream of a benchmark, as the environment says; what is embedded keeps its data in the folder. */
export async function openEngines(folder: string): Promise<Engines> {
  const { config } = loadConfig({ cwd: folder, env: { ...process.env, QICORE_HOME: join(folder, 'home') } })
  const store = await openStoreFor(config, { logger: silentLogger, onNotice: console.error })
  const stream = await openStreamFor(config, store, { logger: silentLogger })
  return {
    store,
    stream,
    brokers: config.redpanda.brokers,
    [Symbol.asyncDispose]: async () => {
      await stream.close()
      await store.close()
    },
  }
}
