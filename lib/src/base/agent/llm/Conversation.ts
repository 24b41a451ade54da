import type { LanguageModel, ModelMessage, ToolSet } from 'ai'
import { retry } from '../../networking/index.ts'
import type { QiError } from '../../types/index.ts'
import { llmFailure } from './failure.ts'
import type { LlmSettings } from './settings.ts'

/** The result of one call of the model. */
export interface Turn {
  readonly text: string
  readonly calls: readonly { readonly id: string; readonly tool: string; readonly arguments: Readonly<Record<string, unknown>> }[]
  /** Unknown tools that it called; the refusals are in the conversation. */
  readonly refused: readonly string[]
  /** True if the token limit cut its answer. */
  readonly cut: boolean
}

export interface TurnOptions {
  readonly instructions: string
  readonly tools: ToolSet
  /** True if the model may call tools. */
  readonly callable: boolean
  readonly signal: AbortSignal
}

/** Characters per token for estimates: fewer than in English text, so that a budget is not overrun. */
const CHARACTERS = 3

/** A conversation with the model, within a budget of calls and tokens. */
export class Conversation {
  steps = 0
  tokens = 0
  readonly messages: ModelMessage[]
  readonly #model: LanguageModel
  readonly #settings: LlmSettings

  constructor(model: LanguageModel, settings: LlmSettings, question: string) {
    this.#model = model
    this.#settings = settings
    this.messages = [{ role: 'user', content: question }]
  }

  get stepsLeft(): number {
    return this.#settings.budget.max_steps - this.steps
  }

  /**
   * One call of the model; retryable failures are repeated.
   * @returns undefined if too few tokens are left for it
   * @throws QiError
   */
  async turn({ instructions, tools, callable, signal }: TurnOptions): Promise<Turn | undefined> {
    const { generateText, ToolChoiceViolationError } = await import('ai')
    const schemas = Object.values(tools).map((tool) => [tool.description, tool.inputSchema])
    const asked = estimate([instructions, schemas, this.messages])
    const left = this.#settings.budget.max_tokens - this.tokens - asked
    if (left <= 0) return undefined
    const answered = await retry(
      () =>
        generateText({
          model: this.#model,
          instructions,
          messages: this.messages,
          tools,
          toolChoice: callable ? 'auto' : 'none',
          maxOutputTokens: left,
          maxRetries: 0,
          abortSignal: signal,
        }).catch((error: unknown) => {
          if (!callable && ToolChoiceViolationError.isInstance(error)) return undefined
          throw signal.aborted ? error : llmFailure(error, this.#settings)
        }),
      { attempts: 3, signal, totalMs: this.#settings.budget.timeout_s * 1000, retryIf: (error: QiError) => error.retryable },
    )
    this.steps++
    // It called a tool although tool calls were off.
    if (!answered) {
      this.tokens += asked
      return { text: '', calls: [], refused: [], cut: false }
    }
    this.tokens += answered.usage.totalTokens ?? asked + estimate(answered.responseMessages)
    this.messages.push(...answered.responseMessages)
    return {
      text: answered.text,
      calls: answered.toolCalls
        .filter((call) => !call.invalid)
        .map(({ toolCallId, toolName, input }) => ({
          id: toolCallId,
          tool: toolName,
          arguments: (input ?? {}) as Record<string, unknown>,
        })),
      refused: answered.toolCalls.filter((call) => call.invalid).map(({ toolName }) => toolName),
      cut: answered.finishReason === 'length',
    }
  }

  answer(id: string, tool: string, output: { readonly value: unknown } | { readonly failure: string }): void {
    const shown =
      'failure' in output
        ? ({ type: 'error-text', value: output.failure } as const)
        : ({ type: 'text', value: JSON.stringify(output.value) } as const)
    this.messages.push({ role: 'tool', content: [{ type: 'tool-result', toolCallId: id, toolName: tool, output: shown }] })
  }

  say(text: string): void {
    this.messages.push({ role: 'user', content: text })
  }
}

const estimate = (value: unknown): number => Math.ceil(JSON.stringify(value).length / CHARACTERS)
