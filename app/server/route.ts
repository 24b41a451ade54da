import type { z } from 'zod'
import type { ErrorCode, Logger, QueryOf } from '../../lib/src/base/index.ts'
import type { McpEndpoint } from '../../lib/src/mcp-tools/index.ts'
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

/** One GET route: what is served, refused, documented and tested comes from here. */
export interface Route<Q extends z.ZodObject = z.ZodObject> {
  readonly path: string
  readonly name: string
  readonly summary: string
  /** Answers without a token. */
  readonly open?: boolean
  readonly query?: Q
  readonly responses: Readonly<Record<number, RouteResponse>>
  /** What can go wrong besides a refused token and a defect. */
  readonly errors: readonly ErrorCode[]
  readonly answer: (served: Served, query: QueryOf<Q>, caller: { readonly authorized: boolean }) => Promise<Response>
}

export const defineRoute = <Q extends z.ZodObject>(route: Route<Q>): Route => route as unknown as Route
