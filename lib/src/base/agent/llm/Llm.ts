import type { LanguageModel } from 'ai'
import { withTimeout } from '../../networking/index.ts'
import { type Logger, QiError, toQiError } from '../../types/index.ts'
import type { McpCaller } from '../mcp/MCPWrapper.ts'
import type { Answer } from './ask.ts'
import { loadModel } from './model.ts'
import { HOW_TO_CONFIGURE, type LlmSettings } from './settings.ts'
import type { OfferedTool } from './tools.ts'

export interface LlmOptions {
  readonly settings: LlmSettings
  /** The tools that the model may call. The caller makes sure that they only read. */
  readonly tools: readonly OfferedTool[]
  readonly mcp: McpCaller
  readonly logger: Logger
  /** The folder in which a provider's package may be installed. Default: the working folder. */
  readonly project?: string
  /** Default: the configured one. */
  readonly model?: LanguageModel
}

/** The optional language model. Without one in the configuration no code of it is loaded. */
export class Llm {
  readonly #options: LlmOptions
  #model: Promise<LanguageModel> | undefined

  constructor(options: LlmOptions) {
    this.#options = options
  }

  get configured(): boolean {
    return this.#options.model !== undefined || this.#options.settings.model !== undefined
  }

  /**
   * Answers a question by calling tools. Every figure of the answer is checked against their results: see `verified`.
   * @throws QiError CONFIG_INVALID without a model, UNAUTHORIZED, RATE_LIMITED, UNAVAILABLE, TIMEOUT, CANCELLED
   */
  async ask(question: string, { signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<Answer> {
    const { settings, tools, mcp } = this.#options
    const model = await this.#loaded()
    const { ask } = await import('./ask.ts')
    return this.#limited((inner) => ask({ model, settings, tools, mcp, question, signal: inner }), signal)
  }

  /**
   * A short comment on a report. undefined without a model, if the model fails, or if it states a figure that the report lacks: no workflow
   * fails for a comment. Call it within a step.
   */
  async explain(report: unknown, { signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<string | undefined> {
    if (!this.configured) return undefined
    const { settings, logger } = this.#options
    try {
      const model = await this.#loaded()
      const { explain } = await import('./explain.ts')
      return await this.#limited((inner) => explain({ model, settings, report, signal: inner }), signal)
    } catch (error) {
      if (signal?.aborted) throw error
      logger.warn({ err: toQiError(error) }, 'the language model did not comment')
      return undefined
    }
  }

  #limited<T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const { timeout_s } = this.#options.settings.budget
    return withTimeout(timeout_s * 1000, 'the language model', work, signal).catch((error: unknown) => {
      throw error instanceof QiError && error.code === 'TIMEOUT' && !signal?.aborted
        ? new QiError('TIMEOUT', `the language model did not answer within ${timeout_s} s; llm.budget.timeout_s allows more`)
        : error
    })
  }

  #loaded(): Promise<LanguageModel> {
    const { settings, project = process.cwd(), model: given } = this.#options
    if (given !== undefined) return Promise.resolve(given)
    const { model } = settings
    if (model === undefined) throw new QiError('CONFIG_INVALID', HOW_TO_CONFIGURE, { field: 'llm.model' })
    // Keeps the SDK's warnings about unknown settings off the console.
    globalThis.AI_SDK_LOG_WARNINGS = false
    this.#model ??= loadModel({ ...settings, model }, project)
    return this.#model
  }
}
