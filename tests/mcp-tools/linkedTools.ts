import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/client'
import { InMemoryTransport } from '@modelcontextprotocol/server'
import { expect } from 'vitest'
import { createMetrics, HealthProbe } from '../../app/server/index.ts'
import type { ToolHandles } from '../../lib/src/base/agent/index.ts'
import { type Stream, TopicCatalogue } from '../../lib/src/base/types/index.ts'
import { AGREED, type Caller, createServer, selectTools } from '../../lib/src/mcp-tools/index.ts'
import { CryptoDataPlatform, loadConfig } from '../../lib/src/streaming/platform/index.ts'

/** A client that calls the tools over a linked pair of transports. */
export interface Linked extends AsyncDisposable {
  readonly client: Client
  /** The structured answer. Fails if the tool refused. */
  call<T = Record<string, unknown>>(tool: string, input?: Record<string, unknown>): Promise<T>
  /** The text of a refusal. Fails if the tool did not refuse. */
  refused(tool: string, input?: Record<string, unknown>): Promise<string>
}

const ADMIN: Caller = { name: 'test', role: 'admin', face: 'mcp' }

export async function linked(handles: () => Promise<ToolHandles>, caller: Caller | typeof AGREED = ADMIN): Promise<Linked> {
  const server = createServer({ version: '0', tools: selectTools({ destructive: true }), handles, caller })
  const client = new Client({ name: 'test', version: '0' })
  const [near, far] = InMemoryTransport.createLinkedPair()
  await server.connect(far)
  await client.connect(near)
  const ask = async (name: string, input: Record<string, unknown>) => {
    const answer = await client.callTool({ name, arguments: input })
    const [content] = answer.content as { text: string }[]
    return { answer, text: content?.text ?? '' }
  }
  return {
    client,
    async call<T>(name: string, input: Record<string, unknown> = {}) {
      const { answer, text } = await ask(name, input)
      expect(answer.isError, text).toBeFalsy()
      return answer.structuredContent as T
    },
    async refused(name, input = {}) {
      const { answer, text } = await ask(name, input)
      expect(answer.isError, text).toBe(true)
      return text
    },
    [Symbol.asyncDispose]: () => client.close(),
  }
}

/** The client on a stream alone, for tools that need nothing else; its user has agreed to everything. */
export const linkedToStream = (stream: Stream): Promise<Linked> =>
  linked(async () => ({ stream, catalogue: new TopicCatalogue() }) as unknown as ToolHandles, AGREED)

/** A platform of the test, and a client of its tools. */
export interface LinkedTools extends Linked {
  readonly platform: CryptoDataPlatform
}

export interface LinkedOptions {
  readonly databaseUrl: string
  readonly yaml?: string
  /** True if the platform runs; false if it only serves tools. */
  readonly running?: boolean
}

export async function linkedTools({ databaseUrl, yaml = '', running = true }: LinkedOptions): Promise<LinkedTools> {
  const folder = await mkdtemp(join(tmpdir(), 'qicore-linked-tools-'))
  await writeFile(join(folder, 'qicore.yaml'), `partitions: 2\n${yaml}`)
  const { config } = loadConfig({ cwd: folder, env: { DATABASE_URL: databaseUrl, QICORE_SOURCES: 'none' } })
  const platform = new CryptoDataPlatform({ config, role: running ? 'platform' : 'command' })
  await platform.initialize()
  if (running) await platform.start()
  const metrics = createMetrics({ platform, probe: new HealthProbe(platform) })
  const client = await linked(async () => ({ ...platform.toolHandles, metrics }))
  return {
    ...client,
    platform,
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]()
      metrics.close()
      await platform.stop()
    },
  }
}
