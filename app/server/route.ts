import type { z } from 'zod'
import type { ErrorCode, Logger, QueryOf, ToolDefinition } from '../../lib/src/base/index.ts'
import type { Caller, McpEndpoint, Role, ToolCalls } from '../../lib/src/mcp-tools/index.ts'
import type { Guard } from './guard/guard.ts'
import type { HealthProbe } from './health/probe.ts'
import type { Metrics } from './metrics/metrics.ts'
import type { Pages } from './pages/pages.ts'
import type { ServedPlatform } from './served.ts'

/** What routes work with. */
export interface Served {
  readonly platform: ServedPlatform
  readonly guard: Guard
  readonly probe: HealthProbe
  readonly metrics: Metrics
  readonly pages: Pages
  /** Answers MCP over Streamable HTTP. */
  readonly mcp: McpEndpoint
  readonly tools: readonly ToolDefinition[]
  /** Calls of tools, and the jobs that they become. */
  readonly calls: ToolCalls
  /** The OpenAPI document, as text. */
  readonly openapi: string
  readonly logger: Logger
}

export interface RouteResponse {
  readonly description: string
  /** Its input side is what goes over the wire. Left out where the answer is no JSON. */
  readonly schema?: z.ZodType
  /** The media type, where it is not application/json. */
  readonly type?: string
}

/** A request besides its query. */
export interface Asked<P> {
  /** Undefined where an open route was asked without a token. */
  readonly caller: Caller | undefined
  /** The parts of the path that stand in braces. */
  readonly params: P
  header(name: string): string | undefined
  readonly request: Request
}

/** One route: what is served, refused, documented and tested comes from here. */
export interface Route<Q extends z.ZodObject = z.ZodObject, P extends z.ZodObject = z.ZodObject> {
  /** Default GET. */
  readonly method?: 'GET' | 'POST' | 'DELETE'
  /** Such as /api/v1/jobs/{id}. */
  readonly path: string
  readonly name: string
  readonly summary: string
  readonly description?: string
  /** Answers without a token. */
  readonly open?: boolean
  /** The least role that gets an answer; default: viewer. */
  readonly role?: Role
  readonly query?: Q
  readonly params?: P
  /** Headers that it reads. */
  readonly headers?: z.ZodObject
  /** The JSON body that it reads, as far as a schema can say. */
  readonly body?: z.ZodType
  readonly responses: Readonly<Record<number, RouteResponse>>
  /** What can go wrong besides a refused token and a defect. */
  readonly errors: readonly ErrorCode[]
  readonly answer: (served: Served, query: QueryOf<Q>, asked: Asked<z.output<P>>) => Promise<Response>
}

export const defineRoute = <Q extends z.ZodObject, P extends z.ZodObject>(route: Route<Q, P>): Route => route as unknown as Route
