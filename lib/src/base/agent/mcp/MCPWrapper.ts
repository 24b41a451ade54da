import type { z } from 'zod'
import { ERROR_CODES, type ErrorCode, QiError, type ToolDefinition } from '../../types/index.ts'

/** The part of an MCP client that is used: one linked in memory, a remote one, or a manager of servers. */
export interface McpCaller {
  callTool(
    name: string,
    input: Record<string, unknown>,
    options: { readonly signal?: AbortSignal | undefined },
  ): Promise<{
    readonly isError?: boolean | undefined
    readonly content: readonly { readonly type: string; readonly text?: unknown }[]
    readonly structuredContent?: unknown
  }>
}

/** One verb of a domain, and the tool that carries it out. */
export interface Verb<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> {
  readonly tool: string
  readonly input: I
  readonly output: O
  /** What the tool takes besides, such as `{ confirm: true }` of one that destroys. */
  readonly fixed?: Readonly<Record<string, unknown>>
}

export type Verbs = Readonly<Record<string, Verb>>

export interface VerbOptions {
  readonly signal?: AbortSignal | undefined
}

/** The verbs of a domain as methods. */
export type DSL<V extends Verbs> = {
  readonly [K in keyof V]: (input: z.input<V[K]['input']>, options?: VerbOptions) => Promise<z.output<V[K]['output']>>
}

/** The verb that a tool of ours is. Whoever calls one that destroys has decided to. */
export const verbOf = <I extends z.ZodObject, O extends z.ZodObject>({
  name,
  effect,
  input,
  output,
}: ToolDefinition<I, O>): Verb<I, O> => ({ tool: name, input, output, ...(effect === 'destroy' && { fixed: { confirm: true } }) })

/**
 * Carries a domain's verbs out through an MCP client. Bindings of a domain are short: which verb is which tool.
 * @example
 * const prices = new MCPWrapper(client, { latest: verbOf(getLatestPrices) })
 * await prices.verbs.latest({ coins: ['bitcoin'] })
 */
export class MCPWrapper<V extends Verbs> {
  readonly verbs: DSL<V>
  readonly #caller: McpCaller

  /** @param prefix of the tools' names, such as `qicore__` behind a manager of servers */
  constructor(caller: McpCaller, verbs: V, { prefix = '' }: { readonly prefix?: string } = {}) {
    this.#caller = caller
    const methods = Object.entries(verbs).map(([name, verb]) => [
      name,
      (input: Record<string, unknown>, options?: VerbOptions) => this.#call(`${prefix}${verb.tool}`, verb, input, options),
    ])
    this.verbs = Object.fromEntries(methods)
  }

  /** @throws QiError with the code that the tool names, BAD_REQUEST and BAD_DATA where input or output is not of the verb's shape */
  async #call(tool: string, verb: Verb, input: Record<string, unknown>, { signal }: VerbOptions = {}): Promise<unknown> {
    const given = verb.input.safeParse(input)
    if (!given.success) throw new QiError('BAD_REQUEST', `${tool}: ${firstIssue(given.error)}`)
    const answer = await this.#caller.callTool(tool, { ...input, ...verb.fixed }, { signal })
    const text = answer.content.flatMap((part) => (part.type === 'text' ? [String(part.text)] : [])).join('\n')
    if (answer.isError) throw failureOf(tool, text)
    const output = verb.output.safeParse(answer.structuredContent)
    if (!output.success)
      throw new QiError('BAD_DATA', `${tool} answered something else than it declares: ${firstIssue(output.error)}`)
    return output.data
  }
}

const firstIssue = ({ issues: [issue] }: z.ZodError): string => `${issue?.path.join('.') || 'it'}: ${issue?.message}`

/** Our own tools begin the text of a failure with its code. */
function failureOf(tool: string, text: string): QiError {
  const [, code, message] = /^([A-Z_]+): ([\s\S]*)$/.exec(text) ?? []
  if (code !== undefined && code in ERROR_CODES) return new QiError(code as ErrorCode, `${tool}: ${message}`)
  return new QiError('UNAVAILABLE', `${tool} failed: ${text.slice(0, 500)}`)
}
