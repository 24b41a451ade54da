import {
  createMcpHandler,
  DEFAULT_MAX_REQUEST_BODY_SIZE,
  isJsonContentType,
  isLegacyRequest,
  type McpHandlerRequestOptions,
  type McpServerFactory,
} from '@modelcontextprotocol/server'
import { type StdioServerHandle, serveStdio } from '@modelcontextprotocol/server/stdio'
import { LegacySessions, type McpSender } from './LegacySessions.ts'

/** Answers requests of MCP. The HTTP server in front of it decides who may ask. */
export interface McpEndpoint {
  fetch(request: Request, sender: McpSender): Promise<Response>
  /** Ends what is under way. */
  close(): Promise<void>
}

/** Serves one client over this process's stdin and stdout, of either generation of the protocol. */
export const serveOverStdio = (servers: McpServerFactory, onError: (error: Error) => void): StdioServerHandle =>
  serveStdio(servers, { onerror: onError })

/**
 * Answers Streamable HTTP. Of protocol 2026-07-28 each request stands alone and gets a server of its own; clients of the revisions
 * before it may open a session, which their protocol needs to ask the user something.
 * @param check called with each request before anything is made of it; what it throws, fetch throws
 */
export function mcpEndpoint(
  servers: McpServerFactory,
  onError: (error: Error) => void,
  check: (request: Request) => unknown = () => {},
): McpEndpoint {
  const modern = createMcpHandler(servers, { legacy: 'reject', onerror: onError })
  const legacy = new LegacySessions(servers, onError)
  return {
    async fetch(request, sender) {
      check(request)
      const body = await parsedOnce(request)
      if (body instanceof Response) return body
      const from: McpHandlerRequestOptions = {
        ...body,
        authInfo: {
          token: '',
          clientId: `${sender.owner} ${sender.address}`,
          scopes: [],
          extra: { caller: sender.caller },
        },
      }
      return (await isLegacyRequest(request, body.parsedBody)) ? legacy.fetch(request, sender, from) : modern.fetch(request, from)
    },
    async close() {
      await Promise.all([modern.close(), legacy.close()])
    },
  }
}

/**
 * The body of a call, read and parsed once for all who look at it. A body whose length is not declared, or beyond the bound, is left to
 * the SDK, which reads no more of it than it may.
 */
async function parsedOnce(request: Request): Promise<{ readonly parsedBody?: unknown } | Response> {
  const { method, headers } = request
  const length = Number(headers.get('content-length') ?? Number.NaN)
  if (method !== 'POST' || !(length <= DEFAULT_MAX_REQUEST_BODY_SIZE) || !isJsonContentType(headers.get('content-type')))
    return {}
  try {
    return { parsedBody: JSON.parse(await request.text()) as unknown }
  } catch {
    return Response.json(
      { jsonrpc: '2.0', id: null, error: { code: -32700, message: 'Parse error: the request body is not valid JSON' } },
      { status: 400 },
    )
  }
}
