import type { z } from 'zod'
import type { ToolDefinition } from '../../lib/src/base/agent/index.ts'
import type { QueryOf } from '../../lib/src/base/database/index.ts'
import type { ErrorCode, Logger } from '../../lib/src/base/types/index.ts'
import type { Caller, McpEndpoint, Role, ToolCalls } from '../../lib/src/mcp-tools/index.ts'
import type { Guard } from './guard/guard.ts'
import type { HealthProbe } from './health/probe.ts'
import type { ExportSlots } from './history/slots.ts'
import type { Metrics } from './metrics/metrics.ts'
import type { Tag } from './openapi/tags.ts'
import type { Pages } from './pages/pages.ts'
import type { ServedPlatform } from './served.ts'
import type { LiveEvents } from './sse/LiveEvents.ts'

/** The parts of the server that routes use. */
export interface Served {
  readonly platform: ServedPlatform
  readonly guard: Guard
  readonly probe: HealthProbe
  readonly metrics: Metrics
  readonly pages: Pages
  /** Live subscriptions as server-sent events. */
  readonly events: LiveEvents
  /** Answers MCP over Streamable HTTP. */
  readonly mcp: McpEndpoint
  readonly tools: readonly ToolDefinition[]
  /** Calls of tools, and their jobs. */
  readonly calls: ToolCalls
  /** The OpenAPI document, as text. */
  readonly openapi: string
  readonly logger: Logger
  /** Limits streamed answers. */
  readonly exports: ExportSlots
}

export interface RouteResponse {
  readonly description: string
  /** Its input side is the wire form. Undefined if the answer is no JSON. */
  readonly schema?: z.ZodType
  /** The media type, if it is not application/json. */
  readonly type?: string
  /** Other media types of the same answer. */
  readonly more?: readonly string[]
  /** True if it has no body. */
  readonly empty?: boolean
}

/** A request besides its query. */
export interface Asked<P> {
  /** Undefined if an open route was called without a token. */
  readonly caller: Caller | undefined
  /** Values of the path parameters, which are in braces in `path`. */
  readonly params: P
  /** The one of `suffixes` that the address ends with, without the dot. */
  readonly suffix: string | undefined
  header(name: string): string | undefined
  readonly request: Request
}

/** One route. Serving, validation, documentation and tests all use this declaration. */
export interface Route<Q extends z.ZodObject = z.ZodObject, P extends z.ZodObject = z.ZodObject> {
  /** Default GET. */
  readonly method?: 'GET' | 'POST' | 'DELETE'
  /** Such as /api/v1/jobs/{id}. */
  readonly path: string
  /** Suffixes that the path takes after a dot, such as csv. */
  readonly suffixes?: readonly string[]
  /** The group of operations in the documentation. */
  readonly tag: Tag
  readonly name: string
  readonly summary: string
  readonly description?: string
  /** True if it answers without a token. */
  readonly open?: boolean
  /** The least role that may call it; default: viewer. */
  readonly role?: Role
  readonly query?: Q
  readonly params?: P
  /** Headers that it reads. */
  readonly headers?: z.ZodObject
  /** Schema of the JSON body that it reads. */
  readonly body?: z.ZodType
  readonly responses: Readonly<Record<number, RouteResponse>>
  /** Error codes besides those of a refused token and of a defect. */
  readonly errors: readonly ErrorCode[]
  readonly answer: (served: Served, query: QueryOf<Q>, asked: Asked<z.output<P>>) => Promise<Response>
}

export const defineRoute = <Q extends z.ZodObject, P extends z.ZodObject>(route: Route<Q, P>): Route => route as unknown as Route
