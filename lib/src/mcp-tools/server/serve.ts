import {
  createMcpHandler,
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
      const from: McpHandlerRequestOptions = {
        authInfo: {
          token: '',
          clientId: `${sender.owner} ${sender.address}`,
          scopes: [],
          extra: { caller: sender.caller },
        },
      }
      return (await isLegacyRequest(request)) ? legacy.fetch(request, sender, from) : modern.fetch(request, from)
    },
    async close() {
      await Promise.all([modern.close(), legacy.close()])
    },
  }
}
