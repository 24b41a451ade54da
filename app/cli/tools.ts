import type { ToolHandles } from '../../lib/src/base/agent/index.ts'
import type { Logger } from '../../lib/src/base/types/index.ts'
import { CryptoDataPlatform, type LoadedConfig } from '../../lib/src/streaming/platform/index.ts'
import { createMetrics, HealthProbe, type Metrics } from '../server/index.ts'
import { loggerOf } from './logging.ts'
import type { Session } from './session.ts'

/** Longest age of the known topics when a tool is called, so that `qicore mcp` soon knows a pipeline deployed meanwhile. */
const FRESH_MS = 1_000

/** The handles that tools use, opened at the first call. No source runs until a tool starts one. */
export class LazyTools implements AsyncDisposable {
  readonly #platform: CryptoDataPlatform
  readonly #session: Session
  readonly #logger: Logger
  #opening: Promise<void> | undefined
  #metrics: Metrics | undefined
  #followed = 0

  constructor(session: Session, { config }: LoadedConfig) {
    this.#session = session
    this.#logger = loggerOf(session)
    const onNotice = (line: string) => void session.remark(line)
    this.#platform = new CryptoDataPlatform({ config, logger: this.#logger, onNotice, role: 'command' })
  }

  async handles(): Promise<ToolHandles> {
    if (!this.#opening) {
      this.#opening = this.#platform.initialize(this.#session.signal)
      this.#followed = Date.now()
    }
    await this.#opening
    if (Date.now() - this.#followed > FRESH_MS) {
      this.#followed = Date.now()
      const { pipelines, catalogue } = this.#platform
      // If the store cannot be reached, the tool that needs it says so.
      await pipelines
        .declareTopics(catalogue)
        .catch((error: unknown) => this.#logger.debug({ err: error }, 'topics could not be looked up'))
    }
    this.#metrics ??= createMetrics({ platform: this.#platform, probe: new HealthProbe(this.#platform) })
    return { ...this.#platform.toolHandles, metrics: this.#metrics }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#opening) return
    await this.#opening.catch(() => {})
    this.#metrics?.close()
    await this.#platform.stop()
  }
}
