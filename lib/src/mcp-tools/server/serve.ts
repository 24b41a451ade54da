import { createMcpHandler, type McpHttpHandler } from '@modelcontextprotocol/server'
import { type StdioServerHandle, serveStdio } from '@modelcontextprotocol/server/stdio'
import { createServer, type McpServerOptions } from './createServer.ts'

/** Serves one client over this process's stdin and stdout, of either generation of the protocol. */
export const serveOverStdio = (options: McpServerOptions, onError: (error: Error) => void): StdioServerHandle =>
  serveStdio(() => createServer(options), { onerror: onError })

/** Answers Streamable HTTP, stateless: each request gets a server of its own. Who may ask is for the caller to check. */
export const mcpHttpHandler = (options: McpServerOptions, onError: (error: Error) => void): McpHttpHandler =>
  createMcpHandler(() => createServer(options), { onerror: onError })
