import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { Client as OlderClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as OlderTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { price as priceType } from '../../lib/src/base/types/index.ts'
import type { BenchContext } from '../context.ts'
import { prices } from '../prices.ts'
import { median } from '../rounds.ts'
import { startServer } from '../server.ts'

const run = promisify(execFile)

/** From how many records on it measures; below, it looks whether it works. */
const FULL = 100_000
/** A small tool, and arguments that it takes. */
const CALL = { name: 'get_current_price', arguments: { coin: 'coin-0' } }

/** A request as a client made it, to be made again. */
interface Recorded {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/**
 * Tokens to connect, and CPU of the server for each call of a small tool. wrk repeats the very request of a client, so that no client's
 * work is counted; PostgreSQL is a process of its own and is not counted either.
 */
export async function mcp({ store, folder, records, rounds, note }: BenchContext): Promise<string> {
  await store.pool.query('truncate crypto_prices_rows')
  await store.timescale.upsert(priceType, [...prices(1000)])
  await using server = await startServer(folder, store.url)
  const url = `${server.url}/mcp`
  const modern = await recordModern(url)
  const older = await recordOlder(url)
  const seconds = records >= FULL ? 4 : 1
  const contenders: Readonly<Record<string, Recorded>> = {
    'protocol 2026-07-28': modern.call,
    'before it, with a session': older.call,
  }
  const cpu = new Map<string, number[]>(Object.keys(contenders).map((name) => [name, []]))
  for (let round = 0; round <= rounds; round++)
    for (const [name, request] of Object.entries(contenders)) {
      const ms = await cpuPerCall(server.url, request, folder, seconds)
      if (round > 0) cpu.get(name)?.push(ms)
      note(`${round === 0 ? 'warm-up' : `round ${round}/${rounds}`} ${name}: ${ms.toFixed(3)} ms of CPU a call`)
    }
  return [
    '### MCP: what it costs',
    '',
    `To connect: ${tokens(modern.list)} tokens for ${modern.tools} tools, ${tokens(modern.instructions)} for the instructions (characters of JSON / 4).`,
    '',
    `| a call of ${CALL.name} | ms of CPU in the server: median (least–most) |`,
    '|---|---|',
    ...[...cpu].map(
      ([name, ms]) => `| ${name} | ${median(ms).toFixed(2)} (${Math.min(...ms).toFixed(2)}–${Math.max(...ms).toFixed(2)}) |`,
    ),
  ].join('\n')
}

const tokens = (text: string): string => Math.ceil(text.length / 4).toLocaleString('en')

async function recordModern(url: string) {
  const recorder = recording()
  const client = new Client({ name: 'bench', version: '0' }, { versionNegotiation: { mode: 'auto' } })
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { fetch: recorder.fetch }))
  const { tools } = await client.listTools()
  await checked(client.callTool(CALL))
  const [call, instructions] = [recorder.last(), client.getInstructions() ?? '']
  await client.close()
  return { call, list: JSON.stringify(tools), tools: tools.length, instructions }
}

async function recordOlder(url: string) {
  const recorder = recording()
  const client = new OlderClient({ name: 'bench', version: '0' })
  const transport = new OlderTransport(new URL(url), { fetch: recorder.fetch })
  await client.connect(transport as Parameters<OlderClient['connect']>[0])
  await checked(client.callTool(CALL))
  // Left open: the recorded call is of this session.
  return { call: recorder.last() }
}

async function checked(answering: Promise<{ readonly [name: string]: unknown }>): Promise<void> {
  const { isError, content } = await answering
  if (isError) throw new Error(`${CALL.name}: ${JSON.stringify(content)}`)
}

function recording() {
  let last: Recorded | undefined
  return {
    fetch: async (url: string | URL, init: RequestInit = {}): Promise<Response> => {
      if (typeof init.body === 'string' && init.body.includes('"tools/call"'))
        last = { method: init.method ?? 'POST', headers: Object.fromEntries(new Headers(init.headers)), body: init.body }
      return fetch(url, init)
    },
    last(): Recorded {
      if (!last) throw new Error('the client called no tool')
      return last
    },
  }
}

/** Seconds of CPU that the server has used, by its own metrics. */
async function cpuOf(server: string): Promise<number> {
  const text = await (await fetch(`${server}/metrics`)).text()
  return Number(/^process_cpu_seconds_total\S* (\S+)/m.exec(text)?.[1])
}

/** Milliseconds of CPU of the server for each request that wrk makes. @throws Error when an answer was not 200 */
async function cpuPerCall(server: string, { method, headers, body }: Recorded, folder: string, seconds: number): Promise<number> {
  const script = join(folder, 'mcp.lua')
  const lines = Object.entries(headers).map(([name, value]) => `wrk.headers[${JSON.stringify(name)}] = ${JSON.stringify(value)}`)
  await writeFile(script, [`wrk.method = '${method}'`, `wrk.body = [==[${body}]==]`, ...lines, ''].join('\n'))
  const before = await cpuOf(server)
  const { stdout } = await run('wrk', ['-t1', '-c4', `-d${seconds}s`, '--timeout', '30s', '-s', script, `${server}/mcp`])
  const used = (await cpuOf(server)) - before
  const failed = /(Non-2xx or 3xx responses|Socket errors):.*/.exec(stdout)
  const count = Number(/(\d+) requests in/.exec(stdout)?.[1])
  if (failed || !(count > 0)) throw new Error(`${server}: ${failed?.[0] ?? 'no answer'}`)
  return (used * 1000) / count
}
