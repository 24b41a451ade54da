import {
  createMcpHandler,
  DEFAULT_MAX_REQUEST_BODY_SIZE,
  isJsonContentType,
  isLegacyRequest,
  type McpHandlerRequestOptions,
  type McpServerFactory,
  PROTOCOL_VERSION_META_KEY,
} from '@modelcontextprotocol/server'
import { type StdioServerHandle, serveStdio } from '@modelcontextprotocol/server/stdio'
import { LegacySessions, type McpSender } from './LegacySessions.ts'

/** Answers MCP requests. The HTTP server in front authenticates the sender. */
export interface McpEndpoint {
  fetch(request: Request, sender: McpSender): Promise<Response>
  /** Ends the calls in progress. */
  close(): Promise<void>
}

/** Serves one client over this process's stdin and stdout, in either generation of the protocol. */
export const serveOverStdio = (servers: McpServerFactory, onError: (error: Error) => void): StdioServerHandle =>
  serveStdio(servers, { onerror: onError })

/**
 * Answers Streamable HTTP. In protocol 2026-07-28 each request stands alone and gets its own server. Clients of earlier revisions may
 * open a session, which their protocol needs to ask the user something.
 * @param check called first with each request; fetch throws its error
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
      const isLegacy = !claimsModern(body.parsedBody) && (await isLegacyRequest(request, body.parsedBody))
      return isLegacy ? legacy.fetch(request, sender, from) : modern.fetch(request, from)
    },
    async close() {
      await Promise.all([modern.close(), legacy.close()])
    },
  }
}

/** True for a call that names its protocol revision itself. `isLegacyRequest` says the same, but validates the body, as the SDK does again. */
function claimsModern(body: unknown): boolean {
  if (typeof body !== 'object' || body === null || 'result' in body || 'error' in body) return false
  const { method, params } = body as { readonly method?: unknown; readonly params?: { readonly _meta?: object | null } | null }
  const meta = method === 'tools/call' ? params?._meta : undefined
  return typeof meta === 'object' && meta !== null && PROTOCOL_VERSION_META_KEY in meta
}

/**
 * The body of a call, read and parsed once. A body without a declared length, or beyond the bound, is left to the SDK, which reads no more
 * of it than it may.
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
