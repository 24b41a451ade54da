import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/client'
import { InMemoryTransport } from '@modelcontextprotocol/server'
import { expect } from 'vitest'
import { type RecordName, type RecordType, recordTypes } from '../../../lib/src/base/types/index.ts'
import { createServer, selectTools } from '../../../lib/src/mcp-tools/index.ts'
import { CryptoDataPlatform, loadConfig } from '../../../lib/src/streaming/platform/index.ts'
import { suiteServer } from '../../support/database.ts'

/** A platform that serves tools and does not run, and a client that calls them over a linked pair of transports. */
export interface LinkedTools extends AsyncDisposable {
  readonly platform: CryptoDataPlatform
  readonly client: Client
  ask(tool: string, input: unknown): Promise<{ readonly refused: boolean; readonly text: string; readonly structured: unknown }>
  /** The structured answer. Fails where the tool refused. */
  call<T = Record<string, unknown>>(tool: string, input?: Record<string, unknown>): Promise<T>
  /** Stores records as a provider's, past the stream: source coingecko unless they say another. */
  seed(type: RecordName, input: { readonly records: readonly object[] }): Promise<void>
  /** The text of a refusal. Fails if the tool did not refuse. */
  refused(tool: string, input?: Record<string, unknown>): Promise<string>
}

export async function linkedTools(databaseUrl: string): Promise<LinkedTools> {
  const folder = await mkdtemp(join(tmpdir(), 'qicore-tools-'))
  // An ordinary role may not limit the temporary files of the role that SQL runs in.
  if (suiteServer !== 'embedded') await writeFile(join(folder, 'qicore.yaml'), 'database: { reader_limits: waived }\n')
  const { config } = loadConfig({
    cwd: folder,
    env: { DATABASE_URL: databaseUrl, QICORE_SOURCES: 'none', DOCKER_HOST: 'unix:///nonexistent/docker.sock' },
  })
  const platform = new CryptoDataPlatform({ config, role: 'command' })
  await platform.initialize()
  const server = createServer({
    version: '0',
    tools: selectTools({ destructive: true }),
    handles: async () => platform.toolHandles,
    caller: { name: 'test', role: 'admin', face: 'mcp' },
  })
  const client = new Client({ name: 'test', version: '0' })
  const [near, far] = InMemoryTransport.createLinkedPair()
  await server.connect(far)
  await client.connect(near)
  const ask = async (name: string, input: unknown) => {
    const answer = await client.callTool({ name, arguments: input as Record<string, unknown> })
    const [content] = answer.content as { text: string }[]
    return { refused: answer.isError === true, text: content?.text ?? '', structured: answer.structuredContent }
  }
  return {
    platform,
    client,
    ask,
    async call<T>(name: string, input: Record<string, unknown> = {}) {
      const { refused, text, structured } = await ask(name, input)
      expect(refused, text).toBe(false)
      return structured as T
    },
    async seed(name, { records }) {
      const type = recordTypes[name] as RecordType
      const preset = { source: 'coingecko', received_at: new Date().toISOString(), origin: 'backfill' }
      const read = records.map((record) => type.fromWire({ ...preset, ...record }))
      expect(await platform.store.timescale.upsert(type, read)).toMatchObject({ failed: [] })
    },
    async refused(name, input = {}) {
      const { refused, text } = await ask(name, input)
      expect(refused, text).toBe(true)
      return text
    },
    async [Symbol.asyncDispose]() {
      await client.close()
      await platform.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
