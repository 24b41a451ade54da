import { Client, InMemoryTransport } from '@modelcontextprotocol/client'
import { expect, onTestFinished, test, vi } from 'vitest'
import { z } from 'zod'
import { defineTool, type ToolDefinition, type ToolHandles } from '../../lib/src/base/agent/index.ts'
import { QiError, silentLogger } from '../../lib/src/base/types/index.ts'
import { AGREED, createServer, selectTools, tools } from '../../lib/src/mcp-tools/index.ts'

const burn = defineTool({
  name: 'burn',
  title: 'Burn a thing',
  summary: 'Burns a thing.',
  set: 'TestTools',
  effect: 'destroy',
  input: z.object({ thing: z.string().max(10), times: z.int().min(1).max(3).default(1) }),
  output: z.object({ thing: z.string() }),
  question: ({ thing }) => `Burn ${thing}?`,
  async run({ thing }) {
    if (thing === 'water') throw new QiError('UNAVAILABLE', 'water does not burn', { retryAfterMs: 2500 })
    if (thing === 'self') throw new TypeError('password=hunter2')
    return { thing }
  },
  text: ({ thing }) => `${thing} is burnt`,
})
const slow = defineTool({
  name: 'slow',
  title: 'Take long',
  summary: 'Takes long.',
  set: 'TestTools',
  effect: 'read',
  input: z.object({}),
  output: z.object({ steps: z.int() }),
  async run(_input, { progress, signal }) {
    progress(1, 2, 'half')
    await new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      if (signal.aborted) reject(signal.reason)
    })
    return { steps: 2 }
  },
  text: () => 'done',
})

interface Connected {
  readonly client: Client
  readonly error: ReturnType<typeof vi.fn>
}

async function connect(): Promise<Connected> {
  const [ours, theirs] = InMemoryTransport.createLinkedPair()
  const error = vi.fn()
  const handles = async () => ({ logger: { ...silentLogger, error } }) as unknown as ToolHandles
  const server = createServer({ version: '1.2.3', tools: [burn, slow], handles, caller: AGREED })
  const client = new Client({ name: 'test', version: '1.0.0' })
  await server.connect(theirs)
  await client.connect(ours)
  onTestFinished(() => client.close())
  return { client, error }
}

const textOf = (result: unknown): string => (result as { content: { text: string }[] }).content[0]?.text ?? ''
const call = async ({ client }: Connected, given: Record<string, unknown>) => client.callTool({ name: 'burn', arguments: given })

test('a tool is listed with its effect, and with the argument that confirms', async () => {
  const { client } = await connect()
  const [first] = (await client.listTools()).tools
  expect(first).toMatchObject({
    name: 'burn',
    annotations: { readOnlyHint: false, destructiveHint: true },
    inputSchema: { required: ['thing'], properties: { confirm: { type: 'string' } } },
  })
})

test.each([
  [{}, /thing: is missing/],
  [{ thing: 5 }, /thing 5: /],
  [{ thing: 'a', times: 9 }, /times 9: /],
  [{ thing: 'a', tmes: 1 }, /tmes: unknown argument; did you mean times\?/],
  [{ thing: 'x'.repeat(100_000) }, /thing "x{59}…: /],
])('a wrong argument is told by name, value and remedy: %j', async (given, expected) => {
  const result = await call(await connect(), given)
  expect(result.isError).toBe(true)
  expect(textOf(result)).toMatch(expected)
  expect(textOf(result)).toMatch(/^BAD_REQUEST: burn: /)
  expect(textOf(result).length).toBeLessThan(500)
})

test('a failure says whether trying again can help; a defect says nothing of the inside and is logged', async () => {
  const connected = await connect()
  expect(textOf(await call(connected, { thing: 'water' }))).toBe('UNAVAILABLE: water does not burn. Try again in 3 s.')
  const defect = textOf(await call(connected, { thing: 'self' }))
  expect(defect).toMatch(/^INTERNAL: /)
  expect(defect).not.toContain('hunter2')
  expect(connected.error).toHaveBeenCalledOnce()
})

test('progress is reported, and a caller that gives up ends the work', async () => {
  const { client } = await connect()
  const stop = new AbortController()
  const told: unknown[] = []
  const calling = client.callTool(
    { name: 'slow', arguments: {} },
    {
      signal: stop.signal,
      onprogress: (progress) => {
        told.push(progress)
        stop.abort()
      },
    },
  )
  await expect(calling).rejects.toThrow()
  expect(told).toMatchObject([{ progress: 1, total: 2, message: 'half' }])
})

test('what destroys is in no default set, and is no part of the tools that are', () => {
  const byDefault = selectTools()
  expect(byDefault.map(({ effect }) => effect)).not.toContain('destroy')
  expect(byDefault.map(({ name }) => name)).not.toContain('docker_stop_services')
  const actionsOf = (selected: readonly ToolDefinition[], name: string) => {
    const { action } = selected.find((tool) => tool.name === name)?.input.shape ?? {}
    return (action as z.ZodDefault<z.ZodEnum>).unwrap().options
  }
  const named = ['manage_topics', 'manage_consumer_groups']
  expect(named.map((name) => actionsOf(byDefault, name))).toEqual([
    ['list', 'describe', 'create'],
    ['list', 'describe'],
  ])
  for (const tool of byDefault)
    expect(`${tool.summary} ${JSON.stringify(z.toJSONSchema(tool.input, { io: 'input' }))}`).not.toMatch(
      /confirm|"(delete|reset|retention)"/,
    )
  const all = selectTools({ destructive: true })
  expect(
    all
      .filter(({ effect }) => effect === 'destroy')
      .map(({ name }) => name)
      .toSorted(),
  ).toEqual(['declare_pipelines', 'docker_stop_services', 'manage_consumer_groups', 'manage_hypertables', 'manage_topics'])
  expect(actionsOf(all, 'manage_topics')).toContain('delete')
  expect(all.find(({ name }) => name === 'manage_topics')?.summary).toContain('delete takes all messages')
  expect(selectTools({ readOnly: true, destructive: true }).every(({ effect }) => effect === 'read')).toBe(true)
})

test('the set of tools can be narrowed', () => {
  const readOnly = selectTools({ readOnly: true })
  expect(readOnly.length).toBeGreaterThan(0)
  expect(readOnly.every(({ effect }: ToolDefinition) => effect === 'read')).toBe(true)
  expect(selectTools({ names: ['get_latest_prices'] }).map(({ name }) => name)).toEqual(['get_latest_prices'])
  const [{ set }] = tools as [ToolDefinition]
  expect(selectTools({ names: [set] }).every((tool) => tool.set === set)).toBe(true)
  expect(() => selectTools({ names: ['get_latest_price'] })).toThrow('did you mean get_latest_prices?')
})
