import { once } from 'node:events'
import { createServer, serveOverStdio, toolOffer } from '../../../lib/src/mcp-tools/index.ts'
import { version } from '../../version.ts'
import { commandLineUser } from '../caller.ts'
import { loggerOf } from '../logging.ts'
import type { Session } from '../session.ts'
import { LazyTools } from '../tools.ts'

export interface McpInput {
  readonly tools?: readonly string[]
  readonly toolsets?: readonly string[]
  readonly readOnly?: boolean
  readonly outputSchemas?: boolean
  readonly destructive?: boolean
}

/** Serves until the client closes stdin, or a signal arrives. Only the protocol writes to stdout. */
export async function run(session: Session, { destructive, ...chosen }: McpInput): Promise<undefined> {
  const loaded = await session.load({ 'mcp.destructive': destructive })
  const offer = toolOffer({ ...chosen, destructive: loaded.config.mcp.destructive })
  const logger = loggerOf(session)
  await using opened = new LazyTools(session, loaded)
  const server = serveOverStdio(
    () => createServer({ version, ...offer, handles: () => opened.handles(), caller: commandLineUser('mcp') }),
    (error) => logger.debug({ err: error }, 'an MCP message was refused'),
  )
  await Promise.race([once(process.stdin, 'close'), once(process.stdin, 'end'), aborted(session.signal)])
  await server.close()
}

const aborted = (signal: AbortSignal): Promise<unknown> => (signal.aborted ? Promise.resolve() : once(signal, 'abort'))
