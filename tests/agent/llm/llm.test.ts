import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MockLanguageModelV4 } from 'ai/test'
import { describe, expect, test } from 'vitest'
import { Llm, type LlmOptions, llmSettings, type McpCaller, type ToolHandles } from '../../../lib/src/base/agent/index.ts'
import { silentLogger } from '../../../lib/src/base/types/index.ts'
import { loadConfig, openLlm } from '../../../lib/src/streaming/platform/index.ts'
import { temporary } from '../../support/temporary.ts'
import { type Completion, type OpenAiServer, openAiServer, type Reply } from './openaiServer.ts'

const prices: McpCaller = {
  async callTool(_name, { coin }) {
    if (coin !== 'bitcoin') return { isError: true, content: [{ type: 'text', text: `NOT_FOUND: there is no ${coin}` }] }
    return { content: [], structuredContent: { price: '68123.45', before: '64000' } }
  },
}
const tools = [{ name: 'price', description: 'A price', input: { type: 'object', properties: { coin: { type: 'string' } } } }]

const llmOf = (server: OpenAiServer, budget: object = {}, more: Partial<LlmOptions> = {}) =>
  new Llm({
    settings: llmSettings.parse({ model: 'script', base_url: server.url, api_key: 'sk-secret', budget }),
    tools,
    mcp: prices,
    logger: silentLogger,
    ...more,
  })
const priceOf = (coin: string): Reply => ({ calls: [{ tool: 'price', arguments: { coin } }] })
const answering = ({ turn }: Completion): Reply => (turn === 0 ? priceOf('bitcoin') : { text: 'It is 68,123.45.' })

describe('a language model', () => {
  test('gets the refusal of a tool, and continues', async () => {
    await using server = await openAiServer(({ turn, results }) => {
      if (turn === 0) return priceOf('bitcion')
      if (turn === 1) return { text: `${results[0]}` }
      return {}
    })
    expect(await llmOf(server).ask('how is bitcion?')).toMatchObject({ text: 'NOT_FOUND: there is no bitcion', verified: true })
  })

  test('calculates with figures of earlier answers only', async () => {
    const calculate = (values: readonly string[], operation = 'difference'): Reply => ({
      calls: [{ tool: 'calculate', arguments: { operation, values } }],
    })
    await using server = await openAiServer(({ turn, results }) => {
      if (turn === 0) return priceOf('bitcoin')
      if (turn === 1) return calculate(['64000', '70000'])
      if (turn === 2) return calculate(['64000', '68123.45'])
      if (turn === 3) return calculate(['68123.45', '0.5'], 'product')
      return {
        text: `${results[1]}`.includes('"70000" is in no earlier answer') ? 'Up 4,123.45; your half is worth 34,061.725.' : '',
      }
    })
    const answer = await llmOf(server).ask('what are 0.5 bitcoin worth?')
    expect(answer.text).toBe('Up 4,123.45 [1]; your half is worth 34,061.725 [3].')
    expect(answer.citations).toMatchObject([
      { ref: 1, tool: 'calculate', from: [2] },
      { ref: 2, tool: 'price', arguments: { coin: 'bitcoin' }, figures: [] },
      { ref: 3, tool: 'calculate', from: [2] },
    ])
  })

  test('has as many calls as its budget; in the last one it may call no tool', async () => {
    await using server = await openAiServer(() => priceOf('bitcoin'))
    const answer = await llmOf(server, { max_steps: 3 }).ask('how?')
    expect(answer).toMatchObject({ ended: 'steps', verified: false, steps: 3, text: '' })
    expect(server.asked.map(({ toolChoice }) => toolChoice)).toEqual(['auto', 'auto', 'none'])
    expect(server.asked[2]?.messages[0]?.content).toMatch(/No more tools can be called/)
  })

  test.each([
    ['as the provider counts them', 900],
    ['as they are estimated where it does not', null],
  ])('has as many tokens as its budget, %s', async (_how, tokens) => {
    await using server = await openAiServer(() => ({ ...priceOf('bitcoin'), tokens }))
    const answer = await llmOf(server, { max_tokens: 3_000 }).ask('how?')
    expect(answer).toMatchObject({ ended: 'tokens', verified: false, steps: server.asked.length })
    expect(answer.tokens).toBeLessThanOrEqual(3_000)
    expect(server.asked.length).toBeGreaterThan(0)
    expect(server.asked.length).toBeLessThan(5)
  })

  test('is asked again where it fails for now', async () => {
    await using server = await openAiServer((completion) =>
      completion.turn === 0 ? { status: 429, error: 'slow down' } : answering({ ...completion, turn: completion.turn - 1 }),
    )
    expect(await llmOf(server).ask('how?')).toMatchObject({ verified: true, text: 'It is 68,123.45 [1].' })
    expect(server.asked).toHaveLength(3)
  })

  test.each<[string, Reply, object]>([
    [
      'too often',
      { status: 429, error: 'quota', headers: { 'retry-after': '600' } },
      { code: 'RATE_LIMITED', retryAfterMs: 600_000 },
    ],
    [
      'a failure',
      { status: 500, error: 'sk-secret broke' },
      { code: 'UNAVAILABLE', message: expect.stringMatching(/failed with 500: \(secret\) broke/) },
    ],
    [
      'a refused key',
      { status: 401, error: 'no sk-secret' },
      { code: 'UNAUTHORIZED', message: expect.not.stringMatching(/sk-secret/) },
    ],
    [
      'an unknown model',
      { status: 404, error: 'no such model' },
      { code: 'NOT_FOUND', message: expect.stringMatching(/the model "script"/) },
    ],
    [
      'a bad request',
      { status: 400, error: 'context too long' },
      { code: 'BAD_REQUEST', message: expect.stringMatching(/context too long/) },
    ],
  ])('that answers %s is an error of its own', async (_what, reply, error) => {
    await using server = await openAiServer(() => reply)
    await expect(llmOf(server).ask('how?')).rejects.toMatchObject(error)
  })

  test('that does not answer is given up, in time or when nobody wants it any more', async () => {
    await using server = await openAiServer(() => ({ hangs: true }))
    await expect(llmOf(server, { timeout_s: 0.2 }).ask('how?')).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringMatching(/within 0.2 s; llm.budget.timeout_s/),
    })
    const controller = new AbortController()
    // A question that was given up may not have been sent yet.
    const next = server.asked.length + 1
    const asking = llmOf(server).ask('how?', { signal: controller.signal })
    await server.reached(next)
    controller.abort()
    await expect(asking).rejects.toMatchObject({ code: 'CANCELLED' })
  })

  test('comments a report with figures of it only, and with nothing where it fails', async () => {
    const saying = (text: string) => () => ({ text })
    const report = { text: 'one', change_pct: -3.214 }
    await using honest = await openAiServer(saying('It fell 3.2 %.'))
    expect(await llmOf(honest).explain(report)).toBe('It fell 3.2 %.')
    await using lying = await openAiServer(saying('It fell 33 %.'))
    expect(await llmOf(lying).explain(report)).toBeUndefined()
    expect(lying.asked).toHaveLength(2)
    await using broken = await openAiServer(() => ({ status: 400 }))
    expect(await llmOf(broken).explain(report)).toBeUndefined()
    const none = new Llm({ settings: llmSettings.parse({}), tools, mcp: prices, logger: silentLogger })
    expect([none.configured, await none.explain(report)]).toEqual([false, undefined])
    await expect(none.ask('how?')).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  })

  test('may be any of the AI SDK', async () => {
    const usage = {
      inputTokens: { total: 10, noCache: 10, cacheRead: undefined, cacheWrite: undefined },
      outputTokens: { total: 5, text: 5, reasoning: undefined },
    }
    const model = new MockLanguageModelV4({
      doGenerate: async () => ({
        content: [{ type: 'text', text: 'I cannot tell.' }],
        finishReason: { unified: 'stop', raw: undefined },
        usage,
        warnings: [],
      }),
    })
    const llm = new Llm({ settings: llmSettings.parse({}), tools, mcp: prices, logger: silentLogger, model })
    expect(await llm.ask('how?')).toMatchObject({ text: 'I cannot tell.', verified: true, tokens: 15 })
  })

  test('of another provider is loaded from the project, and one that is not installed is named', async () => {
    const project = await temporary('provider')
    const folder = join(project, 'node_modules/@ai-sdk/acme-cloud')
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'package.json'), '{ "name": "@ai-sdk/acme-cloud", "type": "module", "exports": "./index.js" }')
    await writeFile(
      join(folder, 'index.js'),
      `export const createAcmeCloud = ({ apiKey }) => (modelId) => ({ specificationVersion: 'v4', provider: 'acme', modelId, supportedUrls: {},
        doGenerate: async () => ({ content: [{ type: 'text', text: modelId + ' with ' + apiKey }], finishReason: { unified: 'stop' }, warnings: [],
          usage: { inputTokens: { total: 1 }, outputTokens: { total: 1 } } }) })`,
    )
    const of = (provider: string) =>
      new Llm({
        settings: llmSettings.parse({ provider, model: 'large', api_key: 'key' }),
        tools,
        mcp: prices,
        logger: silentLogger,
        project,
      })
    expect(await of('@ai-sdk/acme-cloud').ask('who?')).toMatchObject({ text: 'large with key' })
    await expect(of('@ai-sdk/missing').ask('who?')).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message:
        'llm.provider "@ai-sdk/missing" needs the package @ai-sdk/missing, which is not installed: npm install @ai-sdk/missing',
    })
    await expect(of('zod').ask('who?')).rejects.toThrow(/"zod" is no provider of the AI SDK/)
  })

  test('has only the reading ones among the tools of its caller', async () => {
    await using server = await openAiServer(() => ({ text: 'nothing' }))
    const llm = openLlm({
      settings: llmSettings.parse({ model: 'script', base_url: server.url }),
      handles: () => ({}) as ToolHandles,
      logger: silentLogger,
      tools: ['get_current_price', 'manage_topics', 'store_crypto_prices'],
    })
    await llm.ask('how?')
    expect(server.asked[0]?.tools).toEqual(['get_current_price', 'calculate'])
    const typo = {
      settings: llmSettings.parse({ tools: ['get_curent_price'] }),
      handles: () => ({}) as ToolHandles,
      logger: silentLogger,
    }
    expect(() => openLlm(typo)).toThrow(
      /llm.tools: there is no tool or set named "get_curent_price"; did you mean get_current_price/,
    )
  })

  test('is configured like everything else', async () => {
    const cwd = await temporary('llm')
    const load = (env: Record<string, string>) => loadConfig({ cwd, env }).config.llm
    expect(load({})).toMatchObject({
      provider: 'openai-compatible',
      budget: { max_steps: 12, max_tokens: 100_000, timeout_s: 120 },
    })
    expect(load({ QICORE_LLM_PROVIDER: '@ai-sdk/anthropic', QICORE_LLM_MODEL: 'one' })).toMatchObject({ model: 'one' })
    expect(() => load({ QICORE_LLM_MODEL: 'one' })).toThrow(/llm.base_url is missing: .*QICORE_LLM_BASE_URL/)
    expect(() => load({ QICORE_LLM_PROVIDER: '../evil' })).toThrow(
      /llm.provider "..\/evil".*expected openai-compatible, or the npm name/,
    )
  })
})
