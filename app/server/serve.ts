import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer, type HttpBindings } from '@hono/node-server'
import {
  errorMessage,
  type Logger,
  type MetricsReader,
  QiError,
  silentLogger,
  systemCode,
  type ToolDefinition,
  type ToolHandles,
} from '../../lib/src/base/index.ts'
import {
  tools as allTools,
  createServer,
  type JobLimits,
  mcpEndpoint,
  ToolCalls,
  ToolOffers,
  toolNamed,
} from '../../lib/src/mcp-tools/index.ts'
import { createApp } from './app.ts'
import { closeServer } from './close.ts'
import { CONNECTION_LIMITS, type ConnectionLimits, Connections, timeouts } from './connections.ts'
import { problemAnswer } from './errors.ts'
import { createGuard } from './guard/guard.ts'
import { HealthProbe } from './health/probe.ts'
import { answerMalformed } from './malformed.ts'
import { createMetrics } from './metrics/metrics.ts'
import { loadPages } from './pages/pages.ts'
import { refuseOn } from './refuse.ts'
import type { ServedPlatform, ServerSettings } from './served.ts'
import { version } from './version.ts'
import { type LiveLimits, LiveServer } from './ws/LiveServer.ts'

type McpServers = Parameters<typeof mcpEndpoint>[0]

export interface ServeOptions {
  readonly platform: ServedPlatform
  readonly config: { readonly server: ServerSettings }
  readonly logger?: Logger
  /** How long close() lets requests and WebSockets finish, in milliseconds. Default 5,000. */
  readonly drainMs?: number
  /** Limits of the WebSocket clients; the defaults suit a laptop and a server. */
  readonly live?: Partial<LiveLimits>
  /** Limits of connections besides those of the configuration. */
  readonly connections?: Partial<ConnectionLimits>
  /** The tools that are called at /api/v1/tools; default: all there are. */
  readonly tools?: readonly ToolDefinition[]
  /** Limits of their calls. */
  readonly jobs?: Partial<JobLimits>
  /** The MCP servers that answer at /mcp; default: the platform's tools. */
  readonly mcp?: McpServers
}

export interface RunningServer extends AsyncDisposable {
  /** Where people find it, such as http://127.0.0.1:8787. */
  readonly url: string
  readonly port: number
  /** Refuses new requests, finishes those in flight, closes WebSockets with code 1001; what outlasts the deadline is cut. */
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
  const live = new LiveServer({ platform, guard, logger, ...(options.live && { limits: options.live }) })
  const limits = { ...limitsOf(config.server), ...options.connections }
  const connections = new Connections(limits, logger)
  const metrics = createMetrics({ platform, probe, live, connections })
  const handles = handlesOf(platform, metrics)
  const offers = new ToolOffers(platform.config?.mcp.destructive ?? false)
  const mcp = mcpEndpoint(
    options.mcp ?? (({ requestInfo }) => createServer({ version, ...offers.of(requestInfo), handles })),
    (error) => logger.debug({ error }, 'an MCP request was refused'),
    (request) => offers.of(request),
  )
  const calls = new ToolCalls(handles, logger, options.jobs)
  const tools = options.tools ?? allTools.map(({ name }) => toolNamed(name))
  const app = createApp({ platform, guard, probe, metrics, logger, mcp, tools, calls, pages: loadPages() })
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
  try {
    await listen(server, config.server)
  } catch (error) {
    await live.close(0)
    connections.close()
    metrics.close()
    throw error
  }
  const { port } = server.address() as AddressInfo
  let closing: Promise<void> | undefined
  const close = () => {
    closing ??= Promise.all([live.close(drainMs), closeServer(server, drainMs), mcp.close(), calls.close(drainMs)]).then(() => {
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

function listenError(error: unknown, host: string, port: number): QiError {
  switch (systemCode(error)) {
    case 'EADDRINUSE':
      return new QiError(
        'CONFLICT',
        `port ${port} on ${host} is in use by another program: stop it, or set QICORE_PORT to a free port (0 picks one)`,
        {
          cause: error,
          field: 'server.port',
        },
      )
    case 'EACCES':
      return new QiError('CONFIG_INVALID', `port ${port} may not be opened by this user: set QICORE_PORT to a port above 1023`, {
        cause: error,
        field: 'server.port',
      })
    default:
      return new QiError(
        'CONFIG_INVALID',
        `server.host "${host}" cannot be listened on (${errorMessage(error)}): set QICORE_HOST to an address of this machine`,
        {
          cause: error,
          field: 'server.host',
        },
      )
  }
}

/** An address that can be typed into a browser: any address means this machine, IPv6 goes in brackets. */
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
