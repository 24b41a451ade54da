import { Client, StreamableHTTPClientTransport, type Tool } from '@modelcontextprotocol/client'
import { HttpClient, type HttpInit, withTimeout } from '../../base/networking/index.ts'
import { QiError } from '../../base/types/index.ts'
import { isUrlSpec, type ServerSpec } from '../shared/spec.ts'
import type { BoundedText } from './BoundedText.ts'
import { ChildTransport } from './ChildTransport.ts'
import { classify } from './failures.ts'

/** A server that has answered the handshake and listed its tools. */
export interface Connection {
  readonly client: Client
  readonly tools: readonly Tool[]
  readonly pid?: number
  /** Settles when the connection is gone, with how it ended. */
  readonly closed: Promise<string>
  close(): Promise<void>
  /** At once, for what does not answer any more. */
  kill(): Promise<void>
}

export interface ConnectSettings {
  readonly name: string
  readonly spec: ServerSpec
  readonly noise: BoundedText
  readonly startMs: number
  readonly graceMs: number
  onTools(tools: readonly Tool[]): void
}

/** Starts and shakes hands. @throws QiError; nothing of the server is left then */
export async function connect(settings: ConnectSettings, signal: AbortSignal): Promise<Connection> {
  const { name, spec, noise, startMs, graceMs, onTools } = settings
  const child = isUrlSpec(spec) ? undefined : new ChildTransport(spec, { noise, graceMs })
  // Every server answers the older handshake on stdio; some end at anything else that comes first.
  const client = new Client(
    { name: 'qicore', version: '1' },
    {
      versionNegotiation: { mode: child ? 'legacy' : 'auto' },
      listChanged: { tools: { onChanged: (error, tools) => void (!error && tools && onTools(tools)) } },
    },
  )
  const closed = Promise.withResolvers<string>()
  client.onclose = () => closed.resolve(child?.ending ?? 'the connection was closed')
  const close = async () => {
    await client.close().catch(() => {})
    await child?.close()
    closed.resolve('closed')
  }
  try {
    const tools = await withTimeout(
      startMs,
      `the MCP server ${name}`,
      async (inner) => {
        await client.connect(child ?? httpTransport(spec), { signal: inner, timeout: startMs })
        return (await client.listTools(undefined, { signal: inner, timeout: startMs })).tools
      },
      signal,
    )
    return {
      client,
      tools,
      ...(child?.pid !== undefined && { pid: child.pid }),
      closed: closed.promise,
      close,
      async kill() {
        child?.kill()
        await close()
      },
    }
  } catch (error) {
    const ending = child?.ending
    if (ending === undefined) child?.kill()
    await close()
    const failure = classify(error, `the MCP server ${name} did not start`)
    const told = [ending, noise.lastLines()].filter(Boolean).join('; it said: ')
    throw told && failure.code !== 'CANCELLED' && failure.code !== 'CONFIG_INVALID'
      ? new QiError(failure.code, `${failure.message} (${told})`, { cause: error, retryable: failure.retryable })
      : failure
  }
}

function httpTransport(spec: ServerSpec): StreamableHTTPClientTransport {
  const { url, headers = {} } = spec as Extract<ServerSpec, { url: string }>
  const http = new HttpClient({ secrets: Object.values(headers) })
  return new StreamableHTTPClientTransport(new URL(url), {
    requestInit: { headers },
    fetch: (address, init) => http.fetch(address, { ...init, bounds: boundsOf(init) }),
  })
}

/** The client limits each call of a tool by itself. The stream of notices, which GET opens, stays open and is silent for as long as nothing happens. */
const boundsOf = (init: RequestInit | undefined): HttpInit['bounds'] => ({
  totalMs: Number.POSITIVE_INFINITY,
  idleMs: Number.POSITIVE_INFINITY,
  ...((init?.method ?? 'GET') === 'GET' && { maxBytes: Number.POSITIVE_INFINITY }),
})
