import { Client } from '@modelcontextprotocol/client'
import { InMemoryTransport } from '@modelcontextprotocol/server'
import type { McpCaller, ToolDefinition, ToolHandles } from '../../../base/index.ts'
import { AGREED, createServer, selectTools } from '../../../mcp-tools/index.ts'

/**
 * An MCP client of our own tools, linked in memory at its first call. Its tools do not ask before they destroy something: a workflow has
 * done so, and a model gets none that does.
 */
export class LinkedClient implements McpCaller, AsyncDisposable {
  readonly #handles: () => ToolHandles | Promise<ToolHandles>
  readonly #tools: readonly ToolDefinition[]
  readonly #bounded: boolean
  #client: Promise<Client> | undefined

  /**
   * @param tools which it has; default: all
   * @param bounded whether a model reads the answers
   */
  constructor(
    handles: () => ToolHandles | Promise<ToolHandles>,
    tools: readonly ToolDefinition[] = selectTools({ destructive: true }),
    bounded = false,
  ) {
    this.#handles = handles
    this.#tools = tools
    this.#bounded = bounded
  }

  async callTool(name: string, input: Record<string, unknown>, { signal }: { readonly signal?: AbortSignal | undefined } = {}) {
    this.#client ??= this.#connect()
    const client = await this.#client
    // How long a call may take is the matter of the step that makes it.
    return client.callTool({ name, arguments: input }, { timeout: 2 ** 31 - 1, ...(signal && { signal }) })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#client)?.close()
  }

  async #connect(): Promise<Client> {
    const server = createServer({
      ...{ version: '0', tools: this.#tools, caller: AGREED, bounded: this.#bounded },
      handles: async () => this.#handles(),
    })
    const client = new Client({ name: 'qicore-agent', version: '0' })
    const [near, far] = InMemoryTransport.createLinkedPair()
    await server.connect(far)
    await client.connect(near)
    return client
  }
}
