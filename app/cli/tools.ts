import type { ToolHandles } from '../../lib/src/base/index.ts'
import { CryptoDataPlatform, type LoadedConfig } from '../../lib/src/streaming/platform/index.ts'
import { createMetrics, HealthProbe, type Metrics } from '../server/index.ts'
import { loggerOf } from './logging.ts'
import type { Session } from './session.ts'

/** The handles that tools use, opened when the first tool runs. No source runs until a tool starts one. */
export class LazyTools implements AsyncDisposable {
  readonly #platform: CryptoDataPlatform
  readonly #session: Session
  #opening: Promise<void> | undefined
  #metrics: Metrics | undefined

  constructor(session: Session, { config }: LoadedConfig) {
    this.#session = session
    const onNotice = (line: string) => void session.remark(line)
    this.#platform = new CryptoDataPlatform({ config, logger: loggerOf(session), onNotice, announced: false })
  }

  async handles(): Promise<ToolHandles> {
    this.#opening ??= this.#platform.initialize(this.#session.signal)
    await this.#opening
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
