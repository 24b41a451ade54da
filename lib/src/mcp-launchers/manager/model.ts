import type { CallToolResult, Tool } from '@modelcontextprotocol/client'
import type { QiError } from '../../base/index.ts'

/** `failed` stays so: trying again cannot help. */
export type ServerState = 'starting' | 'ready' | 'restarting' | 'failed' | 'stopped'

export interface ServerHealth {
  readonly name: string
  readonly state: ServerState
  /** Since when, in milliseconds since 1970. */
  readonly since: number
  /** How often it was started again. */
  readonly restarts: number
  readonly lastError?: QiError
  /** When it is started again, while it is restarting. */
  readonly retryAt?: number
  /** Of a child that runs. */
  readonly pid?: number
  /** What the server calls itself, and the revision of the protocol that it speaks. */
  readonly server?: string
  readonly protocol?: string
  readonly tools: number
}

/** A tool of one of the servers, under a name that holds its server's. */
export interface CatalogueTool {
  /** `server__tool` */
  readonly name: string
  readonly server: string
  readonly tool: string
  readonly title?: string
  readonly description?: string
  readonly inputSchema: Tool['inputSchema']
  readonly outputSchema?: Tool['outputSchema']
  readonly annotations?: Tool['annotations']
}

export type ToolResult = CallToolResult

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
  /** Default 60 s. */
  readonly timeoutMs?: number
}

export interface SupervisionOptions {
  /** For handshake and listing together. Default 60 s. */
  readonly startMs?: number
  /** The first wait before it is started again, which grows; and the longest. Default 250 ms and 30 s. */
  readonly backoffMs?: number
  readonly maxBackoffMs?: number
  /** A server that was ready for so long begins with the first wait again. Default 60 s. */
  readonly healthyMs?: number
  /** How long it may take to end by itself, and again after SIGTERM. Default 2 s. */
  readonly graceMs?: number
  /** How often a server at a URL is asked whether it is still there. Default 30 s. */
  readonly probeMs?: number
  /** A call that takes too long ends the server with it; for one that runs code. Default false. */
  readonly endOnTimeout?: boolean
}

export const SUPERVISION: Required<SupervisionOptions> = {
  startMs: 60_000,
  backoffMs: 250,
  maxBackoffMs: 30_000,
  healthyMs: 60_000,
  graceMs: 2_000,
  probeMs: 30_000,
  endOnTimeout: false,
}
