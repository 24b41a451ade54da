import { createMCPClient } from '@ai-sdk/mcp'
import { Experimental_StdioMCPTransport as AiStdio } from '@ai-sdk/mcp/mcp-stdio'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport as Stdio1 } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport as Http1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { toolOffer } from '../../../lib/src/mcp-tools/index.ts'
import { type Served, servePlatform } from './served.ts'

let served: Served
beforeAll(async () => {
  served = await servePlatform()
})
afterAll(() => served[Symbol.asyncDispose]())

const ours = [...toolOffer().tools.map(({ name }) => name), 'call_tool', 'find_tools'].sort()
const QUESTION = { name: 'get_latest_prices', arguments: { coins: 'bitcoin', limit: 1 } }
const child = () => ({ command: served.command, args: [...served.args], cwd: served.cwd, env: { ...served.env } })

interface Talk {
  tools(): Promise<string[]>
  ask(): Promise<unknown>
  close(): Promise<void>
}

const CLIENTS: Readonly<Record<string, () => Promise<Talk>>> = {
  'SDK 2 over HTTP': () => withSdk2(new StreamableHTTPClientTransport(new URL(served.url))),
  'SDK 2 over stdio': () => withSdk2(new StdioClientTransport(child())),
  'SDK 1 over HTTP': () => withSdk1(new Http1(new URL(served.url))),
  'SDK 1 over stdio': () => withSdk1(new Stdio1(child())),
  'AI SDK over HTTP': () => withAiSdk({ type: 'http', url: served.url }),
  'AI SDK over stdio': () => withAiSdk(new AiStdio(child())),
}

test.each(Object.keys(CLIENTS))('%s lists the default set, and gets what is stored', async (name) => {
  const talk = await (CLIENTS[name] as () => Promise<Talk>)()
  try {
    expect((await talk.tools()).sort()).toEqual(ours)
    const answer = (await talk.ask()) as { structuredContent: { items: { coin_id: string; price: string }[] } }
    const [item] = answer.structuredContent.items
    expect(item?.coin_id).toBe('bitcoin')
    const { rows } = await served.platform.store.pool.query(
      'select from crypto_prices where coin_id = $1 and price = $2::numeric',
      ['bitcoin', item?.price],
    )
    expect(rows.length).toBeGreaterThan(0)
  } finally {
    await talk.close()
  }
})

async function withSdk2(transport: Parameters<Client['connect']>[0]): Promise<Talk> {
  const client = new Client({ name: 'test', version: '1.0.0' })
  await client.connect(transport)
  return {
    tools: async () => (await client.listTools()).tools.map((tool) => tool.name),
    ask: () => client.callTool(QUESTION),
    close: () => client.close(),
  }
}

async function withSdk1(transport: Http1 | Stdio1): Promise<Talk> {
  const client = new Client1({ name: 'test', version: '1.0.0' })
  await client.connect(transport as Parameters<Client1['connect']>[0])
  return {
    tools: async () => (await client.listTools()).tools.map((tool) => tool.name),
    ask: () => client.callTool(QUESTION),
    close: () => client.close(),
  }
}

async function withAiSdk(transport: Parameters<typeof createMCPClient>[0]['transport']): Promise<Talk> {
  const client = await createMCPClient({ transport })
  const set = await client.tools()
  return {
    tools: async () => Object.keys(set),
    ask: async () => set[QUESTION.name]?.execute?.(QUESTION.arguments, { toolCallId: '1', messages: [] } as never),
    close: () => client.close(),
  }
}
