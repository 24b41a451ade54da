import { randomUUID } from 'node:crypto'
import {
  legacyStatelessFallback,
  type McpHandlerRequestOptions,
  type McpServer,
  type McpServerFactory,
  type Server,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server'
import type { Caller } from '../access/roles.ts'

/** The sender of an HTTP request. */
export interface McpSender {
  /** Its name and role, for each call. */
  readonly caller: Caller
  /** Identifies its token; a session answers only to the owner that opened it. */
  readonly owner: string
  /** Its address; the quota of sessions is per owner and address. */
  readonly address: string
}

export interface SessionLimits {
  /** Most sessions at once. */
  readonly sessions: number
  /** Most of one caller. */
  readonly perCaller: number
}

const LIMITS: SessionLimits = { sessions: 512, perCaller: 128 }
/** An idle session ends after this, in milliseconds. */
const IDLE_MS = 30 * 60_000
/** A caller over its quota loses its own session that was idle for this long, in milliseconds. */
const SPARE_MS = 5 * 60_000
/** The same for a session that was opened and never used. */
const UNUSED_MS = 10_000
const SESSION_HEADER = 'mcp-session-id'

interface Session {
  readonly server: McpServer | Server
  readonly transport: WebStandardStreamableHTTPServerTransport
  readonly owner: string
  /** Owner and address, which share a quota. */
  readonly account: string
}

interface Kept extends Session {
  usedAt: number
  /** Requests since it was opened. */
  requests: number
}

/** Serves clients of the protocol before 2026-07-28: in a session if they open one by `initialize`, else statelessly. */
export class LegacySessions {
  readonly #servers: McpServerFactory
  readonly #onError: (error: Error) => void
  readonly #stateless: (request: Request, from: McpHandlerRequestOptions) => Promise<Response>
  /** By id, least recently used first. */
  readonly #sessions = new Map<string, Kept>()
  readonly #limits: SessionLimits
  /** Sessions that are being opened, by account. */
  readonly #opening = new Map<string, number>()

  constructor(servers: McpServerFactory, onError: (error: Error) => void, limits: Partial<SessionLimits> = {}) {
    this.#servers = servers
    this.#limits = { ...LIMITS, ...limits }
    this.#onError = onError
    this.#stateless = legacyStatelessFallback(servers, onError)
  }

  async fetch(request: Request, caller: McpSender, from: McpHandlerRequestOptions = {}): Promise<Response> {
    const id = request.headers.get(SESSION_HEADER)
    if (id === null)
      return (await isInitialize(request, from.parsedBody)) ? this.#open(request, caller, from) : this.#stateless(request, from)
    const session = this.#sessions.get(id)
    // A session id is no secret: the token that opened it is needed too.
    if (!session || session.owner !== caller.owner) return unknownSession()
    session.usedAt = Date.now()
    session.requests++
    this.#sessions.delete(id)
    this.#sessions.set(id, session)
    return session.transport.handleRequest(request, from)
  }

  async close(): Promise<void> {
    const open = [...this.#sessions.values()]
    this.#sessions.clear()
    await Promise.all(open.map(({ server }) => server.close()))
  }

  async #open(request: Request, { owner, address }: McpSender, from: McpHandlerRequestOptions): Promise<Response> {
    const account = `${owner} ${address}`
    if (!this.#makeRoom(account)) return tooManySessions()
    this.#opening.set(account, (this.#opening.get(account) ?? 0) + 1)
    try {
      const server = await this.#servers({ era: 'legacy', requestInfo: request })
      const transport = new WebStandardStreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: (id) =>
          void this.#sessions.set(id, { server, transport, owner, account, usedAt: Date.now(), requests: 0 }),
        onsessionclosed: (id) => void this.#sessions.delete(id),
      })
      transport.onerror = this.#onError
      await server.connect(transport)
      return await transport.handleRequest(request, from)
    } finally {
      const left = (this.#opening.get(account) ?? 1) - 1
      if (left > 0) this.#opening.set(account, left)
      else this.#opening.delete(account)
    }
  }

  /** Ends idle sessions. No caller can end another's session in use. */
  #makeRoom(account: string): boolean {
    const now = Date.now()
    for (const [id, { usedAt }] of this.#sessions) {
      if (now - usedAt < IDLE_MS) break
      this.#end(id)
    }
    const own = [...this.#sessions].filter(([, session]) => session.account === account)
    const opening = this.#opening.get(account) ?? 0
    if (own.length + opening >= this.#limits.perCaller) {
      const spare = own.find(([, { usedAt, requests }]) => now - usedAt >= (requests > 0 ? SPARE_MS : UNUSED_MS))
      if (!spare) return false
      this.#end(spare[0])
    }
    const openingInAll = [...this.#opening.values()].reduce((sum, count) => sum + count, 0)
    return this.#sessions.size + openingInAll < this.#limits.sessions
  }

  #end(id: string): void {
    const session = this.#sessions.get(id)
    this.#sessions.delete(id)
    session?.server.close().catch(this.#onError)
  }
}

async function isInitialize(request: Request, parsed: unknown): Promise<boolean> {
  if (request.method !== 'POST') return false
  try {
    const body: unknown = parsed ?? (await request.clone().json())
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

const tooManySessions = (): Response =>
  Response.json(
    {
      jsonrpc: '2.0',
      id: null,
      error: { code: -32000, message: 'too many sessions are open: end those no longer used by DELETE, or try again later' },
    },
    { status: 429, headers: { 'retry-after': '10' } },
  )
