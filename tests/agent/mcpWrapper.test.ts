import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { MCPWrapper, type McpCaller, verbOf } from '../../lib/src/base/agent/index.ts'
import type { QiError } from '../../lib/src/base/types/index.ts'
import { getLatestPrices } from '../../lib/src/mcp-tools/consumer/get_latest_prices.ts'
import { manageTopics } from '../../lib/src/mcp-tools/datastream/manage_topics.ts'
import { DirectCaller } from '../../lib/src/mcp-tools/index.ts'
import { type Served, servePlatform } from '../mcp-tools/clients/served.ts'

let served: Served
let remote: Client
beforeAll(async () => {
  served = await servePlatform()
  remote = new Client({ name: 'test', version: '0' })
  await remote.connect(new StreamableHTTPClientTransport(new URL(served.url)))
})
afterAll(async () => {
  await remote?.close()
  await served?.[Symbol.asyncDispose]()
})

const failure = (promise: Promise<unknown>): Promise<QiError> =>
  promise.then(
    () => expect.fail('it did not fail'),
    (error: QiError) => error,
  )

const verbs = { latest: verbOf(getLatestPrices), topics: verbOf(manageTopics) }
const over = (client: Client): McpCaller => ({
  callTool: (name, input, { signal }) => client.callTool({ name, arguments: input }, { ...(signal && { signal }) }),
})
/** A server that answers what a test wants. */
const answering = (answer: Awaited<ReturnType<McpCaller['callTool']>>): McpCaller => ({ callTool: async () => answer })

describe('the verbs of a domain through an MCP client', () => {
  test('return the output of the tool, from a remote server too', async () => {
    const { verbs: dsl } = new MCPWrapper(over(remote), verbs)
    const { items } = await dsl.latest({ coins: 'bitcoin', limit: 1 })
    const { rows } = await served.platform.store.pool.query(
      'select from crypto_prices where coin_id = $1 and price = $2::numeric',
      ['bitcoin', items[0]?.price],
    )
    expect(rows.length).toBeGreaterThan(0)
  })

  test('that destroy run for agents of this process, whose workflows ask, and are refused to any other client', async () => {
    const { verbs: far } = new MCPWrapper(over(remote), verbs)
    await far.topics({ action: 'create', topic: 'short-lived' })
    expect(await failure(far.topics({ action: 'delete', topic: 'short-lived' }))).toMatchObject({
      code: 'BAD_REQUEST',
      message: expect.stringMatching(
        /action "delete": expected list, describe, create; delete destroys .* mcp\.destructive: true/,
      ),
    })
    const client = new DirectCaller({ handles: () => served.platform.toolHandles })
    const { verbs: near } = new MCPWrapper(client, verbs)
    expect(await near.topics({ action: 'delete', topic: 'short-lived' })).toMatchObject({
      done: expect.stringMatching(/short-lived/),
    })
  })

  test('fail with the code and remedy of the tool', async () => {
    const { verbs: dsl } = new MCPWrapper(over(remote), verbs)
    const refusal = await failure(dsl.topics({ action: 'describe', topic: 'crypto-price' }))
    expect(refusal.code).toBe('NOT_FOUND')
    expect(refusal.message).toMatch(/^manage_topics: .*crypto-price/)
  })

  test('are refused before the call where the input is not of their shape', async () => {
    const caller: McpCaller = { callTool: () => expect.fail('it was called') }
    const { verbs: dsl } = new MCPWrapper(caller, verbs)
    expect(await failure(dsl.latest({ limit: 0 }))).toMatchObject({
      code: 'BAD_REQUEST',
      message: expect.stringMatching(/^get_latest_prices: limit: /),
    })
  })

  test('find their tools behind a prefix', async () => {
    const called: string[] = []
    const caller: McpCaller = {
      async callTool(name) {
        called.push(name)
        return { content: [], structuredContent: { items: [] } }
      },
    }
    const found = { ...verbOf(getLatestPrices), output: z.object({ items: z.array(z.unknown()) }) }
    expect(await new MCPWrapper(caller, { latest: found }, { prefix: 'far__' }).verbs.latest({})).toEqual({ items: [] })
    expect(called).toEqual(['far__get_latest_prices'])
  })

  test('refuse an answer of another shape', async () => {
    const { verbs: dsl } = new MCPWrapper(answering({ content: [], structuredContent: { prices: [] } }), verbs)
    expect(await failure(dsl.latest({}))).toMatchObject({
      code: 'BAD_DATA',
      message: expect.stringMatching(/^get_latest_prices: unexpected answer: items/),
    })
  })

  test('accept JSON in a text', async () => {
    const verb = { tool: 'sum', input: z.object({}), output: z.object({ total: z.number() }) }
    const told = (text: string) => new MCPWrapper(answering({ content: [{ type: 'text', text }] }), { sum: verb }).verbs.sum({})
    expect(await told('{"total": 3}')).toEqual({ total: 3 })
    expect(await failure(told('three'))).toMatchObject({
      code: 'BAD_DATA',
      message: expect.stringMatching(/^sum: unexpected answer "three": it: /),
    })
  })

  test('name the tool, if the error has no code', async () => {
    const { verbs: dsl } = new MCPWrapper(answering({ isError: true, content: [{ type: 'text', text: 'on fire' }] }), verbs)
    expect(await failure(dsl.latest({}))).toMatchObject({ code: 'UNAVAILABLE', message: 'get_latest_prices failed: on fire' })
  })
})
