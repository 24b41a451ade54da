import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { createAdaptorServer, type HttpBindings } from '@hono/node-server'
import type { ToolDefinition, ToolHandles } from '../../lib/src/base/agent/index.ts'
import { type Logger, type MetricsReader, QiError, silentLogger } from '../../lib/src/base/types/index.ts'
import {
  tools as allTools,
  createServer,
  type JobLimits,
  mcpEndpoint,
  ToolCalls,
  ToolOffers,
  toolNamed,
} from '../../lib/src/mcp-tools/index.ts'
import { version } from '../version.ts'
import { createApp } from './app.ts'
import { closeServer } from './close.ts'
import { CONNECTION_LIMITS, type ConnectionLimits, Connections, timeouts } from './connections.ts'
import { problemAnswer } from './errors.ts'
import { createGuard } from './guard/guard.ts'
import { HealthProbe } from './health/probe.ts'
import { type ExportLimits, ExportSlots } from './history/slots.ts'
import { listenError } from './listenError.ts'
import { LiveHub } from './live/LiveHub.ts'
import { LIVE_LIMITS, type LiveLimits } from './live/limits.ts'
import { Seats } from './live/Seats.ts'
import { answerMalformed } from './malformed.ts'
import { createMetrics } from './metrics/metrics.ts'
import { loadPages } from './pages/pages.ts'
import { refuseOn } from './refuse.ts'
import type { ServedPlatform, ServerSettings } from './served.ts'
import { LiveEvents } from './sse/LiveEvents.ts'
import { LiveServer } from './ws/LiveServer.ts'

type McpServers = Parameters<typeof mcpEndpoint>[0]

export interface ServeOptions {
  readonly platform: ServedPlatform
  readonly config: { readonly server: ServerSettings }
  readonly logger?: Logger
  /** Time that close() gives requests and WebSockets to finish, in milliseconds. Default 5,000. */
  readonly drainMs?: number
  /** Limits of live clients. */
  readonly live?: Partial<LiveLimits>
  /** Limits of connections, which override those of the configuration. */
  readonly connections?: Partial<ConnectionLimits>
  /** Limits of streamed answers. */
  readonly exports?: Partial<ExportLimits>
  /** The tools at /api/v1/tools; default: all. */
  readonly tools?: readonly ToolDefinition[]
  /** Limits of tool calls. */
  readonly jobs?: Partial<JobLimits>
  /** The MCP servers that answer at /mcp; default: the platform's tools. */
  readonly mcp?: McpServers
}

export interface RunningServer extends AsyncDisposable {
  /** Address for people, such as http://127.0.0.1:8787. */
  readonly url: string
  readonly port: number
  /** Refuses new requests, finishes requests in flight, closes WebSockets with code 1001, and cuts the rest after the deadline. */
  close(): Promise<void>
}

/**
 * Serves a platform over HTTP and WebSocket on one port.
 * @throws QiError CONFLICT when the port is in use, CONFIG_INVALID when the address cannot be listened on
 */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  const { platform, config, logger = silentLogger, drainMs = 5_000 } = options
  const guard = createGuard(config.server, { pool: () => platform.store.pool, logger })
  const probe = new HealthProbe(platform)
  const liveLimits = { ...LIVE_LIMITS, ...options.live }
  const hub = new LiveHub({ platform, logger, limits: liveLimits })
  const seats = new Seats(liveLimits)
  const live = new LiveServer({ hub, seats, guard, logger, limits: liveLimits })
  const events = new LiveEvents({ hub, seats, guard, limits: liveLimits })
  const limits = { ...limitsOf(config.server), ...options.connections }
  const connections = new Connections(limits, logger)
  const metrics = createMetrics({ platform, probe, live: { live, events, hub }, connections })
  const handles = handlesOf(platform, metrics)
  const offers = new ToolOffers(platform.config?.mcp.destructive ?? false)
  const mcp = mcpEndpoint(
    options.mcp ?? (({ requestInfo }) => createServer({ version, ...offers.of(requestInfo), handles })),
    (error) => logger.debug({ err: error }, 'an MCP request was refused'),
    (request) => offers.of(request),
  )
  const calls = new ToolCalls(handles, logger, options.jobs)
  const tools = options.tools ?? allTools.map(({ name }) => toolNamed(name))
  const app = createApp({
    platform,
    guard,
    probe,
    metrics,
    logger,
    mcp,
    events,
    tools,
    calls,
    pages: loadPages(),
    exports: new ExportSlots(options.exports),
  })
  const server = createAdaptorServer({
    fetch: (request, env) =>
      connections.isBeyond((env as HttpBindings).incoming.socket)
        ? problemAnswer(connections.refusal(), { connection: 'close' })
        : app.fetch(request, env),
    serverOptions: timeouts(limits),
  }) as Server
  connections.watch(server)
  server.on('clientError', answerMalformed)
  server.on('upgrade', (request, socket, head) => {
    if (connections.isBeyond(socket)) refuseOn(socket, connections.refusal())
    else void live.upgrade(request, socket, head)
  })
  const closeLive = async (withinMs: number) => {
    events.close()
    // The stop does not wait longer for a stream that does not answer.
    await Promise.all([live.close(withinMs), Promise.race([hub.close(), setTimeout(withinMs, undefined, { ref: false })])])
  }
  try {
    await listen(server, config.server)
  } catch (error) {
    await closeLive(0)
    connections.close()
    metrics.close()
    throw error
  }
  const { port } = server.address() as AddressInfo
  let closing: Promise<void> | undefined
  const close = () => {
    closing ??= Promise.all([closeLive(drainMs), closeServer(server, drainMs), mcp.close(), calls.close(drainMs)]).then(() => {
      connections.close()
      metrics.close()
    })
    return closing
  }
  return { url: `http://${hostInUrl(config.server.host)}:${port}`, port, close, [Symbol.asyncDispose]: close }
}

const limitsOf = ({ max_connections, max_connections_per_address }: ServerSettings): ConnectionLimits => ({
  ...CONNECTION_LIMITS,
  ...(max_connections !== undefined && { connections: max_connections }),
  ...(max_connections_per_address !== undefined && { connectionsPerAddress: max_connections_per_address }),
})

async function listen(server: Server, { host, port }: ServerSettings): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen({ host, port }, resolve)
  await promise.catch((error: unknown) => {
    throw listenError(error, host, port)
  })
  server.off('error', reject)
}

/** The host in a URL that a browser can open: localhost for any address, brackets around IPv6. */
function hostInUrl(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost'
  return host.includes(':') ? `[${host}]` : host
}

/** The handles that tools use. @throws QiError UNSUPPORTED */
function handlesOf(platform: ServedPlatform, metrics: MetricsReader): () => Promise<ToolHandles> {
  return async () => {
    const { toolHandles } = platform
    if (toolHandles) return { ...toolHandles, metrics }
    throw new QiError('UNSUPPORTED', 'this server has no tools to offer')
  }
}
