import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import {
  defineTool,
  MCPWrapper,
  type McpCaller,
  type ToolDefinition,
  type ToolHandles,
  verbOf,
} from '../../lib/src/base/agent/index.ts'
import { QiError, silentLogger } from '../../lib/src/base/types/index.ts'
import { DirectCaller, MOST_TOKENS } from '../../lib/src/mcp-tools/index.ts'
import { type Served, servePlatform } from '../mcp-tools/clients/served.ts'
import { LinkedClient } from './LinkedClient.ts'

type Callers = (handles: () => ToolHandles, tools?: readonly ToolDefinition[]) => McpCaller

/** The callers of our own tools: in this process, and over the whole protocol. */
const callers: Readonly<Record<string, Callers>> = {
  directly: (handles, tools) => new DirectCaller({ handles, ...(tools && { tools }) }),
  'over the protocol': (handles, tools) => new LinkedClient(handles, tools),
}

const stopped = vi.fn()
const act = defineTool({
  name: 'act',
  title: 'Act',
  summary: 'Acts.',
  set: 'TestTools',
  effect: 'destroy',
  input: z.object({ as: z.enum(['answer', 'refuse', 'defect', 'wait', 'report']).default('answer'), list: z.int().default(0) }),
  output: z.object({ as: z.string(), list: z.array(z.string()) }),
  question: () => 'Act?',
  async run({ as, list }, { signal, progress }) {
    if (as === 'refuse') throw new QiError('RATE_LIMITED', 'too many calls', { retryAfterMs: 2500 })
    if (as === 'defect') throw new TypeError('password=hunter2')
    if (as === 'report') progress(1, 2, 'half')
    if (as === 'wait')
      await new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          stopped()
          reject(signal.reason)
        })
      })
    return { as, list: Array.from({ length: list }, (_, i) => `item ${i} of a long list`) }
  },
  text: ({ as }) => `it did ${as}`,
})

const logged = vi.fn()
const handles = () => ({ logger: { ...silentLogger, error: logged } }) as unknown as ToolHandles

describe.each(Object.entries(callers))('a tool of ours, called %s', (_name, callerOf) => {
  const caller = callerOf(handles, [act])
  const call = (input: Record<string, unknown>, signal?: AbortSignal) => caller.callTool('act', input, { signal })

  test('answers with a text and a structure, and destroys without asking again', async () => {
    expect(await call({})).toEqual({
      content: [{ type: 'text', text: 'it did answer' }],
      structuredContent: { as: 'answer', list: [] },
    })
  })

  test('needs no listener for its progress', async () => {
    expect(await call({ as: 'report' })).toMatchObject({ structuredContent: { as: 'report' } })
  })

  test('answers at any length', async () => {
    const { structuredContent } = await call({ list: 20_000 })
    expect((structuredContent as { list: string[] }).list).toHaveLength(20_000)
  })

  test.each([
    [{ as: 'refuse' }, 'RATE_LIMITED: too many calls. Try again in 3 s.'],
    [{ as: 'sleep' }, 'BAD_REQUEST: act: as "sleep": expected one of answer, refuse, defect, wait, report.'],
    [{ az: 1 }, 'BAD_REQUEST: act: az: unknown argument; did you mean as?'],
  ])('refuses %j by code and remedy', async (input, text) => {
    expect(await call(input)).toEqual({ isError: true, content: [{ type: 'text', text }] })
  })

  test('logs a defect and hides its cause', async () => {
    logged.mockClear()
    const text = 'INTERNAL: a defect in QiCore; the log says more.'
    expect(await call({ as: 'defect' })).toEqual({ isError: true, content: [{ type: 'text', text }] })
    expect(logged).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ tool: 'act' }), 'act failed')
  })

  test('is given up when the signal is aborted, and its own signal too', async () => {
    stopped.mockClear()
    const stop = new AbortController()
    const calling = call({ as: 'wait' }, stop.signal)
    setTimeout(() => stop.abort(), 50)
    await expect(calling).rejects.toThrow()
    await vi.waitFor(() => expect(stopped).toHaveBeenCalledOnce())
    await expect(call({}, stop.signal)).rejects.toThrow()
  })

  test('that does not exist is named, with a suggestion', async () => {
    await expect(caller.callTool('akt', {}, {})).rejects.toThrow('this connection has no tool named "akt"; did you mean act?')
  })

  test('passes the code of a failure to a verb', async () => {
    const { verbs } = new MCPWrapper(caller, { act: verbOf(act) })
    await expect(verbs.act({ as: 'refuse' })).rejects.toMatchObject({ code: 'RATE_LIMITED' })
    expect(await verbs.act({ as: 'answer' })).toEqual({ as: 'answer', list: [] })
  })
})

describe('a direct call', () => {
  const direct = new DirectCaller({ handles, tools: [act] })

  test('says why it was given up', async () => {
    const timeout = direct.callTool('act', { as: 'wait' }, { signal: AbortSignal.timeout(20) })
    await expect(timeout).rejects.toMatchObject({ code: 'TIMEOUT' })
    const stop = new AbortController()
    stop.abort()
    await expect(direct.callTool('act', {}, { signal: stop.signal })).rejects.toMatchObject({ code: 'CANCELLED' })
  })

  test('of a model has a bounded answer', async () => {
    const bounded = new DirectCaller({ handles, tools: [act], bounded: true })
    const { structuredContent } = await bounded.callTool('act', { list: 20_000 })
    expect(JSON.stringify(structuredContent).length / 4).toBeLessThan(MOST_TOKENS)
  })
})

describe('the tools of a platform', () => {
  let served: Served
  beforeAll(async () => {
    served = await servePlatform()
    await served.platform.stopSource('simulated')
  })
  afterAll(() => served?.[Symbol.asyncDispose]())

  /** Without what the clock alone changes between two calls. */
  const still = (answer: unknown): unknown =>
    JSON.parse(
      JSON.stringify(answer)
        .replace(/(read_at":"|read )\d{4}-[-:.\dTZ]+/g, '$1')
        .replace(/("(?:covered|age_seconds)":)[\d.]+/g, '$10')
        .replace(/\d+ % covered/g, 'covered'),
    )

  test.each([
    ['get_current_price', { coin: 'bitcoin' }],
    ['get_latest_prices', { limit: 2 }],
    ['get_ohlcv_data', { coin: 'bitcoin', timeframe: '1m', limit: 3 }],
    ['get_market_summary', {}],
    ['get_data_health', { coins: 'bitcoin' }],
    ['timeseries_query', { sql: 'select coin_id, price from crypto_prices order by time, coin_id limit 2' }],
    ['manage_topics', { action: 'describe', topic: 'crypto-price' }],
    ['manage_topics', { action: 'list' }],
    ['get_latest_prices', { limit: 0 }],
  ])('give %s %j the same answer on both ways', async (name, input) => {
    const tools = () => served.platform.toolHandles
    await using linked = new LinkedClient(tools)
    const direct = await new DirectCaller({ handles: tools }).callTool(name, input)
    expect(still(await linked.callTool(name, input))).toEqual(still(direct))
  })
})
