import { Client } from '@modelcontextprotocol/client'
import { InMemoryTransport } from '@modelcontextprotocol/server'
import type { McpCaller, ToolDefinition, ToolHandles } from '../../lib/src/base/agent/index.ts'
import { AGREED, createServer, selectTools } from '../../lib/src/mcp-tools/index.ts'

/** Our own tools over the whole protocol: an MCP client and server, linked in memory. The proof that `DirectCaller` answers alike. */
export class LinkedClient implements McpCaller, AsyncDisposable {
  readonly #client: Promise<Client>

  /** @param tools default: all, those that destroy among them */
  constructor(handles: () => ToolHandles, tools: readonly ToolDefinition[] = selectTools({ destructive: true })) {
    this.#client = connected(handles, tools)
  }

  async callTool(name: string, input: Record<string, unknown>, { signal }: { readonly signal?: AbortSignal | undefined } = {}) {
    const client = await this.#client
    return client.callTool({ name, arguments: input }, { timeout: 2 ** 31 - 1, ...(signal && { signal }) })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#client).close()
  }
}

async function connected(handles: () => ToolHandles, tools: readonly ToolDefinition[]): Promise<Client> {
  const server = createServer({ version: '0', tools, caller: AGREED, handles: async () => handles() })
  const client = new Client({ name: 'qicore-agent', version: '0' })
  const [near, far] = InMemoryTransport.createLinkedPair()
  await server.connect(far)
  await client.connect(near)
  return client
}
