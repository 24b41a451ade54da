import type { z } from 'zod'
import { ERROR_CODES, type ErrorCode, QiError } from '../../types/index.ts'
import type { ToolDefinition } from '../tool.ts'

/** The part of an MCP client that is used: an SDK client, a manager of servers, or a direct caller of our own tools. */
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

/** One verb of a domain: a tool, and the shapes of its input and output. */
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

/** A verb with the name and schemas of one of our tools. */
export const verbOf = <I extends z.ZodObject, O extends z.ZodObject>({
  name,
  input,
  output,
}: ToolDefinition<I, O>): Verb<I, O> => ({ tool: name, input, output })

/**
 * A domain's verbs as methods, each of which calls a tool. A binding of a domain only lists which verb is which tool.
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

  /** @throws QiError with the code that the tool names, BAD_REQUEST and BAD_DATA if input or output does not fit the verb */
  async #call(tool: string, verb: Verb, input: Record<string, unknown>, { signal }: VerbOptions = {}): Promise<unknown> {
    const given = verb.input.safeParse(input)
    if (!given.success) throw new QiError('BAD_REQUEST', `${tool}: ${firstIssue(given.error)}`)
    const answer = await this.#caller.callTool(tool, input, { signal })
    const texts = answer.content.flatMap((part) => (part.type === 'text' ? [String(part.text)] : []))
    if (answer.isError) throw failureOf(tool, texts.join('\n'))
    const output = verb.output.safeParse(answer.structuredContent ?? contentOf(texts[0] ?? ''))
    if (output.success) return output.data
    const said = answer.structuredContent === undefined ? ` "${texts[0]?.slice(0, 120) ?? ''}"` : ''
    throw new QiError('BAD_DATA', `${tool}: unexpected answer${said}: ${firstIssue(output.error)}`)
  }
}

/** The content of an answer without structure: JSON in a text, else the text. */
function contentOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

const firstIssue = ({ issues: [issue] }: z.ZodError): string => `${issue?.path.join('.') || 'it'}: ${issue?.message}`

/** The failure of a call. The text of our own tools begins with the error's code. */
function failureOf(tool: string, text: string): QiError {
  const [, code, message] = /^([A-Z_]+): ([\s\S]*)$/.exec(text) ?? []
  if (code !== undefined && code in ERROR_CODES) return new QiError(code as ErrorCode, `${tool}: ${message}`)
  return new QiError('UNAVAILABLE', `${tool} failed: ${text.slice(0, 500)}`)
}
