import { type Logger, QiError, silentLogger } from '../../base/types/index.ts'
import type { ServerSpec } from '../shared/spec.ts'
import { SUPERVISION, type SupervisionOptions } from '../shared/supervision.ts'
import type { CallOptions, CatalogueTool, ServerHealth, ToolResult } from './model.ts'
import { SupervisedServer } from './SupervisedServer.ts'

/** Separates the name of a server and that of its tool. */
export const SEPARATOR = '__'

const NAME = /^(?!.*__)[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/

/** @throws QiError BAD_REQUEST */
export function checkServerName(name: string, field = 'name'): void {
  if (NAME.test(name)) return
  throw new QiError(
    'BAD_REQUEST',
    `${field}: "${name}" cannot name a server: use up to 64 letters, digits, - and _, and no __, which parts server and tool`,
    { field },
  )
}

/** Starts, supervises and stops MCP servers, and offers all of their tools in one catalogue. */
export class MCPServerManager implements AsyncDisposable {
  readonly #logger: Logger
  readonly #servers = new Map<string, SupervisedServer>()
  #stopped = false

  constructor({ logger = silentLogger }: { readonly logger?: Logger } = {}) {
    this.#logger = logger
  }

  /**
   * Starts a server; returns once it has answered the handshake and listed its tools. After a retryable failure it is started again, with
   * growing waits, until `stop`.
   * @throws QiError of the first start; CONFLICT if one of that name runs
   */
  async start(name: string, spec: ServerSpec, options: SupervisionOptions = {}): Promise<void> {
    checkServerName(name)
    if (this.#stopped) throw new QiError('CLOSED', 'the manager of MCP servers has been stopped')
    if (this.#servers.has(name)) throw new QiError('CONFLICT', `name: an MCP server ${name} runs already; stop it first`)
    const server = new SupervisedServer(name, spec, { ...SUPERVISION, ...options }, this.#logger)
    this.#servers.set(name, server)
    await server.start()
  }

  /**
   * Starts servers at once, by their names in `specs`. A failed one keeps no other from running.
   * @throws QiError the first failure, after all have been tried
   */
  async startAll(specs: Readonly<Record<string, ServerSpec>>): Promise<void> {
    const started = await Promise.allSettled(Object.entries(specs).map(([name, spec]) => this.start(name, spec)))
    const failed = started.find(({ status }) => status === 'rejected') as PromiseRejectedResult | undefined
    if (failed) throw failed.reason
  }

  /** Stops one server and forgets it; without a name all, for good. Nothing of them is left running. */
  async stop(name?: string): Promise<void> {
    if (name !== undefined) {
      await this.#named(name).stop()
      this.#servers.delete(name)
      return
    }
    this.#stopped = true
    await Promise.all([...this.#servers.values()].map((server) => server.stop()))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  health(): readonly ServerHealth[] {
    return [...this.#servers.values()].map((server) => server.health())
  }

  /** The last of what a server wrote to stderr. @throws QiError NOT_FOUND */
  stderr(name: string): string {
    return this.#named(name).stderr
  }

  /** The tools of the servers that are ready now. */
  tools(): readonly CatalogueTool[] {
    return [...this.#servers.values()].flatMap((server) =>
      server.tools.map(({ name: tool, title, description, inputSchema, outputSchema, annotations }) => ({
        name: `${server.name}${SEPARATOR}${tool}`,
        server: server.name,
        tool,
        inputSchema,
        ...(title !== undefined && { title }),
        ...(description !== undefined && { description }),
        ...(outputSchema && { outputSchema }),
        ...(annotations && { annotations }),
      })),
    )
  }

  /**
   * Calls `server__tool`. A tool that ran and failed answers with `isError`.
   * @throws QiError NOT_FOUND, BAD_REQUEST, TIMEOUT, CANCELLED; UNAVAILABLE where the server is not there or ends meanwhile
   */
  async callTool(name: string, input: Record<string, unknown> = {}, options: CallOptions = {}): Promise<ToolResult> {
    const at = name.indexOf(SEPARATOR)
    if (at < 1)
      throw new QiError('BAD_REQUEST', `name: "${name}" is no name of the form server${SEPARATOR}tool`, { field: 'name' })
    const server = this.#named(name.slice(0, at))
    const tool = name.slice(at + SEPARATOR.length)
    const offered = server.tools.map((each) => each.name)
    if (server.health().state === 'ready' && !offered.includes(tool))
      throw new QiError('NOT_FOUND', `name: ${server.name} has no tool "${tool}"; it has ${offered.join(', ') || 'none'}`, {
        field: 'name',
      })
    return server.callTool(tool, input, options)
  }

  #named(name: string): SupervisedServer {
    const server = this.#servers.get(name)
    if (server) return server
    const known = [...this.#servers.keys()].join(', ') || 'none'
    throw new QiError('NOT_FOUND', `name: there is no MCP server "${name}"; there are: ${known}`, { field: 'name' })
  }
}
