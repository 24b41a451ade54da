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
}

export type Verbs = Readonly<Record<string, Verb>>

export interface VerbOptions {
  readonly signal?: AbortSignal | undefined
}

/** The verbs of a domain as methods. */
export type DSL<V extends Verbs> = {
  readonly [K in keyof V]: (input: z.input<V[K]['input']>, options?: VerbOptions) => Promise<z.output<V[K]['output']>>
}

/** The verb that a tool of ours is. */
export const verbOf = <I extends z.ZodObject, O extends z.ZodObject>({
  name,
  input,
  output,
}: ToolDefinition<I, O>): Verb<I, O> => ({ tool: name, input, output })

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
    const answer = await this.#caller.callTool(tool, input, { signal })
    const texts = answer.content.flatMap((part) => (part.type === 'text' ? [String(part.text)] : []))
    if (answer.isError) throw failureOf(tool, texts.join('\n'))
    const output = verb.output.safeParse(answer.structuredContent ?? contentOf(texts[0] ?? ''))
    if (output.success) return output.data
    const told = answer.structuredContent === undefined ? ` "${texts[0]?.slice(0, 120) ?? ''}"` : ' something else'
    throw new QiError('BAD_DATA', `${tool} answered${told}, which is not what it should be: ${firstIssue(output.error)}`)
  }
}

/** Of a server without structured answers, which puts them into a text as JSON, or gives nothing but text. */
function contentOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

const firstIssue = ({ issues: [issue] }: z.ZodError): string => `${issue?.path.join('.') || 'it'}: ${issue?.message}`

/** Our own tools begin the text of a failure with its code. */
function failureOf(tool: string, text: string): QiError {
  const [, code, message] = /^([A-Z_]+): ([\s\S]*)$/.exec(text) ?? []
  if (code !== undefined && code in ERROR_CODES) return new QiError(code as ErrorCode, `${tool}: ${message}`)
  return new QiError('UNAVAILABLE', `${tool} failed: ${text.slice(0, 500)}`)
}
