import type { LoadedConfig } from '../../lib/src/streaming/platform/index.ts'
import type { GlobalFlags } from './flags.ts'
import { Interrupt } from './interrupt.ts'
import { Output } from './output.ts'

/** Context of one command: its outputs, its abort signal and the configuration. */
export class Session {
  readonly interrupt = new Interrupt()
  readonly out = new Output(process.stdout, () => this.interrupt.abort())
  readonly err = new Output(process.stderr)
  readonly json: boolean
  /** True if rows are printed as CSV. */
  readonly csv: boolean
  readonly debug: boolean
  readonly #home: string | undefined
  readonly #debugFlag: boolean

  constructor({ json = false, csv = false, debug = false, home }: GlobalFlags & { readonly csv?: boolean }) {
    this.json = json
    this.csv = csv
    // Known before the configuration is read, for the case that reading it fails.
    this.debug = debug || process.env.QICORE_LOG_LEVEL === 'debug'
    this.#debugFlag = debug
    this.#home = home
  }

  get signal(): AbortSignal {
    return this.interrupt.signal
  }

  /**
   * Loads the configuration.
   * @param flags by path of the setting; they win over the environment and the file
   * @throws QiError CONFIG_INVALID
   */
  async load(flags: Readonly<Record<string, unknown>> = {}): Promise<LoadedConfig> {
    const { loadConfig } = await import('../../lib/src/streaming/platform/index.ts')
    return loadConfig({ flags: { home: this.#home, ...(this.#debugFlag && { 'log.level': 'debug' }), ...flags } })
  }

  /** The result of `work`, unless Ctrl-C comes first. @throws QiError CANCELLED */
  async unlessInterrupted<T>(work: Promise<T>): Promise<T> {
    const { QiError } = await import('../../lib/src/base/types/index.ts')
    const interrupted = Promise.withResolvers<never>()
    const stop = () => interrupted.reject(new QiError('CANCELLED', 'interrupted'))
    if (this.signal.aborted) stop()
    this.signal.addEventListener('abort', stop, { once: true })
    return Promise.race([work, interrupted.promise]).finally(() => this.signal.removeEventListener('abort', stop))
  }

  /** Prints a remark for people on stderr, apart from the result on stdout. Nothing with --json. */
  async remark(text: string): Promise<void> {
    if (this.json) return
    const { escapeHiddenInLines } = await import('../../lib/src/base/types/index.ts')
    await this.err.line(this.err.style('dim', escapeHiddenInLines(text)))
  }
}
