import type { CallToolResult, Tool } from '@modelcontextprotocol/client'
import type { QiError } from '../../base/types/index.ts'

/** `failed` is final: a retry cannot help. */
export type ServerState = 'starting' | 'ready' | 'restarting' | 'failed' | 'stopped'

export interface ServerHealth {
  readonly name: string
  readonly state: ServerState
  /** Start of this state, in milliseconds since 1970. */
  readonly since: number
  /** Restarts so far. */
  readonly restarts: number
  readonly lastError?: QiError
  /** Time of the next start, while it is restarting. */
  readonly retryAt?: number
  /** Of a child that runs. */
  readonly pid?: number
  /** The server's own name, and its protocol revision. */
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
