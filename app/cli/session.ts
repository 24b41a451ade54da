import type { LoadedConfig } from '../../lib/src/streaming/platform/index.ts'
import { Interrupt } from './interrupt.ts'
import { Output } from './output.ts'
import type { GlobalFlags } from './program.ts'

/** What every verb gets: where to print, when to stop, and the configuration. */
export class Session {
  readonly interrupt = new Interrupt()
  readonly out = new Output(process.stdout, () => this.interrupt.abort())
  readonly err = new Output(process.stderr)
  readonly json: boolean
  readonly debug: boolean
  readonly #home: string | undefined
  readonly #debugFlag: boolean

  constructor({ json = false, debug = false, home }: GlobalFlags) {
    this.json = json
    // Before the configuration is read, and also where reading it fails.
    this.debug = debug || process.env.QICORE_LOG_LEVEL === 'debug'
    this.#debugFlag = debug
    this.#home = home
  }

  get signal(): AbortSignal {
    return this.interrupt.signal
  }

  /**
   * @param flags by path of the setting; they win over the environment and the file
   * @throws QiError CONFIG_INVALID
   */
  async load(flags: Readonly<Record<string, unknown>> = {}): Promise<LoadedConfig> {
    const { loadConfig } = await import('../../lib/src/streaming/platform/index.ts')
    return loadConfig({ flags: { home: this.#home, ...(this.#debugFlag && { 'log.level': 'debug' }), ...flags } })
  }

  /** What is being waited for, unless Ctrl-C comes first. @throws QiError CANCELLED */
  async unlessInterrupted<T>(work: Promise<T>): Promise<T> {
    const { QiError } = await import('../../lib/src/base/index.ts')
    const interrupted = Promise.withResolvers<never>()
    const stop = () => interrupted.reject(new QiError('CANCELLED', 'interrupted'))
    if (this.signal.aborted) stop()
    this.signal.addEventListener('abort', stop, { once: true })
    return Promise.race([work, interrupted.promise]).finally(() => this.signal.removeEventListener('abort', stop))
  }

  /** A remark for people beside the result: on stderr, so that it never mixes with what a script reads. */
  async remark(text: string): Promise<void> {
    if (this.json) return
    const { escapeHiddenInLines } = await import('../../lib/src/base/index.ts')
    await this.err.line(this.err.style('dim', escapeHiddenInLines(text)))
  }
}
