import { errorMessage, type Logger, type ToolHandles } from '../../lib/src/base/index.ts'
import { CryptoDataPlatform, type LoadedConfig } from '../../lib/src/streaming/platform/index.ts'
import { createMetrics, HealthProbe, type Metrics } from '../server/index.ts'
import { loggerOf } from './logging.ts'
import type { Session } from './session.ts'

/** How old its knowledge of topics may be when a tool is called: one that is deployed while `qicore mcp` runs is known soon. */
const FRESH_MS = 1_000

/** The handles that tools use, opened when the first tool runs. No source runs until a tool starts one. */
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
    this.#platform = new CryptoDataPlatform({ config, logger: this.#logger, onNotice, announced: false })
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
      // A store that is away is told of by the tool that needs it.
      await pipelines
        .declareTopics(catalogue)
        .catch((error: unknown) => this.#logger.debug({ error: errorMessage(error) }, 'topics could not be looked up'))
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
