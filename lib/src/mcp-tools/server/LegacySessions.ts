import { randomUUID } from 'node:crypto'
import {
  legacyStatelessFallback,
  type McpHandlerRequestOptions,
  type McpServer,
  type McpServerFactory,
  type Server,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server'

/** Sessions kept at once; beyond it the one that was idle longest ends. */
const MOST = 256
const IDLE_MS = 30 * 60_000
const SESSION_HEADER = 'mcp-session-id'

interface Session {
  readonly server: McpServer | Server
  readonly transport: WebStandardStreamableHTTPServerTransport
}

/** Clients of the protocol before 2026-07-28: with a session where they open one by `initialize`, else request by request. */
export class LegacySessions {
  readonly #servers: McpServerFactory
  readonly #onError: (error: Error) => void
  readonly #stateless: (request: Request, from: McpHandlerRequestOptions) => Promise<Response>
  /** By id, the one used last at the end. */
  readonly #sessions = new Map<string, Session & { usedAt: number }>()

  constructor(servers: McpServerFactory, onError: (error: Error) => void) {
    this.#servers = servers
    this.#onError = onError
    this.#stateless = legacyStatelessFallback(servers, onError)
  }

  async fetch(request: Request, from: McpHandlerRequestOptions = {}): Promise<Response> {
    const id = request.headers.get(SESSION_HEADER)
    if (id === null) return (await isInitialize(request)) ? this.#open(request) : this.#stateless(request, from)
    const session = this.#sessions.get(id)
    if (!session) return unknownSession()
    this.#sessions.delete(id)
    this.#sessions.set(id, { ...session, usedAt: Date.now() })
    return session.transport.handleRequest(request)
  }

  async close(): Promise<void> {
    const open = [...this.#sessions.values()]
    this.#sessions.clear()
    await Promise.all(open.map(({ server }) => server.close()))
  }

  async #open(request: Request): Promise<Response> {
    const server = await this.#servers({ era: 'legacy', requestInfo: request })
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => this.#keep(id, { server, transport }),
      onsessionclosed: (id) => void this.#sessions.delete(id),
    })
    transport.onerror = this.#onError
    await server.connect(transport)
    return transport.handleRequest(request)
  }

  #keep(id: string, session: Session): void {
    const now = Date.now()
    this.#sessions.set(id, { ...session, usedAt: now })
    for (const [old, { server, usedAt }] of this.#sessions) {
      if (this.#sessions.size <= MOST && now - usedAt < IDLE_MS) break
      this.#sessions.delete(old)
      server.close().catch(this.#onError)
    }
  }
}

async function isInitialize(request: Request): Promise<boolean> {
  if (request.method !== 'POST') return false
  try {
    const body: unknown = await request.clone().json()
    return [body].flat().some((message) => (message as { method?: unknown } | null)?.method === 'initialize')
  } catch {
    return false // no JSON: the transport says so
  }
}

const unknownSession = (): Response =>
  Response.json(
    { jsonrpc: '2.0', id: null, error: { code: -32001, message: 'the session has ended; initialize a new one' } },
    { status: 404 },
  )
