import { Client, InMemoryTransport, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as Http1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type RunningServer, serve } from '../../app/server/index.ts'
import type { ToolHandles } from '../../lib/src/base/agent/index.ts'
import { silentLogger } from '../../lib/src/base/types/index.ts'
import { type Caller, createServer, type ToolOfferOptions, toolOffer, tools } from '../../lib/src/mcp-tools/index.ts'
import { CryptoDataPlatform, loadConfig } from '../../lib/src/streaming/platform/index.ts'
import { makeProject, type Project } from '../app/cli/project.ts'
import { testDatabase } from '../support/database.ts'

const MOST_TOKENS = 3_000
const FINDERS = ['call_tool', 'find_tools']
const ADMIN: Caller = { name: 'test', role: 'admin', face: 'mcp' }

const linked = async (options: ToolOfferOptions = {}): Promise<Client> => {
  const [ours, theirs] = InMemoryTransport.createLinkedPair()
  const handles = async () => ({ logger: silentLogger }) as unknown as ToolHandles
  const server = createServer({ version: '1', caller: ADMIN, ...toolOffer(options), handles })
  const client = new Client({ name: 'test', version: '1' })
  await server.connect(theirs)
  await client.connect(ours)
  onTestFinished(() => client.close())
  return client
}

const namesOf = async (client: Pick<Client, 'listTools'>): Promise<string[]> =>
  (await client.listTools()).tools.map(({ name }) => name).toSorted()
const textOf = (answer: unknown): string => (answer as { content: { text: string }[] }).content[0]?.text ?? ''

test(`connecting costs less than ${MOST_TOKENS} tokens, instructions included`, async () => {
  const client = await linked()
  const { tools: listed } = await client.listTools()
  const characters = JSON.stringify(listed).length + (client.getInstructions() ?? '').length
  expect(Math.ceil(characters / 4)).toBeLessThan(MOST_TOKENS)
  expect(listed.length).toBeLessThanOrEqual(12)
  expect(listed.filter(({ outputSchema }) => outputSchema !== undefined)).toEqual([])
})

test('nothing that destroys is in the default set, even where the operator allows it; what it finds asks first', async () => {
  for (const destructive of [false, true]) {
    const offer = toolOffer({ destructive })
    expect(offer.tools.filter(({ effect }) => effect !== 'read')).toEqual([])
    expect(offer.more.some(({ effect }) => effect === 'destroy')).toBe(destructive)
  }
  const client = await linked()
  const refused = await client.callTool({ name: 'call_tool', arguments: { name: 'docker_stop_services' } })
  expect(refused.isError).toBe(true)
  expect(textOf(refused)).toMatch(/^NOT_FOUND: .*docker_stop_services/)
})

test.each([
  ['store a price', 'store_crypto_prices'],
  ['backfill history of ETH', 'batch_process_data'],
  ['start a source', 'stream_crypto_data'],
  ['messages of a topic', 'consume_stream_data'],
  ['how do coins correlate', 'correlation'],
  ['dead letters', 'dead_letters'],
  ['lag of consumer groups', 'manage_consumer_groups'],
])('find_tools finds by words, with how to call: %s', async (words, expected) => {
  const answer = await (await linked()).callTool({ name: 'find_tools', arguments: { words } })
  const { items } = answer.structuredContent as { items: { name: string; arguments: { type: string } }[] }
  expect(items.map(({ name }) => name)).toContain(expected)
  expect(items.every(({ arguments: schema }) => schema.type === 'object')).toBe(true)
  expect(textOf(answer)).toContain('call_tool')
})

test('words that fit nothing are answered with the names there are; arguments that are wrong, with the remedy', async () => {
  const client = await linked({ readOnly: true })
  const nothing = textOf(await client.callTool({ name: 'find_tools', arguments: { words: 'xyzzy' } }))
  expect(nothing).toContain('correlation')
  expect(nothing).not.toContain('store_crypto_prices')
  const wrong = await client.callTool({ name: 'find_tools', arguments: { word: 'x' } })
  expect(textOf(wrong)).toMatch(/^BAD_REQUEST: find_tools: words: is missing/)
  const unknown = await client.callTool({ name: 'call_tool', arguments: { name: 'correlatoin' } })
  expect(textOf(unknown)).toContain('did you mean correlation?')
  const inner = await client.callTool({ name: 'call_tool', arguments: { name: 'correlation', arguments: { coin: 'x' } } })
  expect(textOf(inner)).toMatch(/^BAD_REQUEST: correlation: .*coins/)
})

test('names narrow a connection: no finder, and nothing else is called', async () => {
  const client = await linked({ tools: ['correlation'] })
  expect(await namesOf(client)).toEqual(['correlation'])
  await expect(client.callTool({ name: 'get_latest_prices', arguments: {} })).rejects.toThrow('no tool named "get_latest_prices"')
  await expect(client.callTool({ name: 'find_tools', arguments: { words: 'x' } })).rejects.toThrow('no tool named "find_tools"')
  expect(() => toolOffer({ toolsets: ['RedpandaTool'] })).toThrow(
    /toolsets: there is no set named "RedpandaTool"; there are default, all/,
  )
})

test('every tool except destructive ones is listed or found, and the set all lists them', async () => {
  const { tools: listed, more } = toolOffer()
  const harmless = tools.filter(({ effect, destructive }) => effect !== 'destroy' || destructive).map(({ name }) => name)
  expect([...listed, ...more].map(({ name }) => name).toSorted()).toEqual(harmless.toSorted())
  expect(await namesOf(await linked({ toolsets: ['all'] }))).toEqual(harmless.toSorted())
})

describe('over HTTP', () => {
  let project: Project
  let platform: CryptoDataPlatform
  let server: RunningServer
  beforeAll(async () => {
    project = await makeProject('mcp-offer')
    const { config } = loadConfig({
      cwd: project.cwd,
      env: { DATABASE_URL: (await testDatabase()).url },
      flags: { 'sources.run': 'none', 'server.port': 0 },
    })
    platform = new CryptoDataPlatform({ config })
    await platform.initialize()
    server = await serve({ platform, config })
  })
  afterAll(async () => {
    await server?.close()
    await platform?.stop()
    await project?.[Symbol.asyncDispose]()
  })

  type Connect = (query?: string, headers?: Record<string, string>) => Promise<Pick<Client, 'listTools' | 'callTool'>>
  const sdk2: Connect = async (query = '', headers = {}) => {
    const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode: 'auto' } })
    await client.connect(new StreamableHTTPClientTransport(new URL(`${server.url}/mcp${query}`), { requestInit: { headers } }))
    onTestFinished(() => client.close())
    return client
  }
  const sdk1: Connect = async (query = '', headers = {}) => {
    const client = new Client1({ name: 'test', version: '1' })
    const transport = new Http1(new URL(`${server.url}/mcp${query}`), { requestInit: { headers } })
    await client.connect(transport as Parameters<Client1['connect']>[0])
    onTestFinished(() => client.close())
    return client as unknown as Pick<Client, 'listTools' | 'callTool'>
  }
  const defaults = toolOffer()
    .tools.map(({ name }) => name)
    .concat(FINDERS)
    .toSorted()

  describe.each([
    ['protocol 2026-07-28', sdk2],
    ['the protocol before it', sdk1],
  ])('%s', (_name, connect) => {
    test('lists the default set; query and header choose others', async () => {
      expect(await namesOf(await connect())).toEqual(defaults)
      const redpanda = tools.filter(({ set }) => set === 'RedpandaTools').map(({ name }) => name)
      expect(await namesOf(await connect('?toolsets=RedpandaTools'))).toEqual(redpanda.toSorted())
      expect(await namesOf(await connect('', { 'x-mcp-toolsets': 'RedpandaTools' }))).toEqual(redpanda.toSorted())
      expect(await namesOf(await connect('', { 'X-MCP-Tools': 'correlation, dead_letters' }))).toEqual([
        'correlation',
        'dead_letters',
      ])
      expect(await namesOf(await connect('?toolsets=default,RedpandaTools'))).toEqual([...defaults, ...redpanda].toSorted())
    })

    test('read-only leaves out what writes, of the list and of what is found', async () => {
      const reading = tools.filter(({ effect }) => effect === 'read').map(({ name }) => name)
      expect(await namesOf(await connect('?toolsets=all&readonly=true'))).toEqual(reading.toSorted())
      const client = await connect('', { 'x-mcp-readonly': 'true' })
      const { tools: listed } = await client.listTools()
      expect(listed.every(({ annotations }) => annotations?.readOnlyHint)).toBe(true)
      const answer = await client.callTool({ name: 'call_tool', arguments: { name: 'store_crypto_prices', arguments: {} } })
      expect(textOf(answer)).toMatch(/^NOT_FOUND: this connection has no tool named "store_crypto_prices"/)
    })

    test('output schemas come where they are asked for', async () => {
      const { tools: listed } = await (await connect('?output_schemas=true')).listTools()
      expect(listed.find(({ name }) => name === 'get_latest_prices')?.outputSchema).toMatchObject({ type: 'object' })
    })

    test('a tool that was found is called', async () => {
      const client = await connect()
      const answer = await client.callTool({
        name: 'call_tool',
        arguments: { name: 'manage_topics', arguments: { action: 'list' } },
      })
      expect(answer.isError, textOf(answer)).toBeFalsy()
      expect(answer.structuredContent).toHaveProperty('topics')
    })
  })

  test.each(['?toolsets=Redpanda', '?tools=get_latest_price', '?readonly=perhaps', `?tools=${'x'.repeat(5000)}`])(
    'a choice that cannot be understood is refused with its remedy: %s',
    async (query) => {
      const answer = await fetch(`${server.url}/mcp${query}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
      })
      expect(answer.status).toBe(400)
      const problem = (await answer.json()) as { detail: string }
      expect(problem.detail).toMatch(
        /^(toolsets: there is no set named|tools: there is no tool|readonly "perhaps": expected|tools: longer than)/,
      )
    },
  )
})
