import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { retry } from '../../base/networking/index.ts'
import { countOf, errorMessage, type Logger, type PartHealth, QiError, toQiError } from '../../base/types/index.ts'
import {
  type Launched,
  type LauncherContext,
  launcherNamed,
  launchers,
  MCPServerManager,
  parseServersJson,
  type ServerHealth,
} from '../../mcp-launchers/index.ts'
import { type CoinGeckoConfig, PLANS } from '../../publishers/index.ts'
import { registrySignIn } from '../redpanda/index.ts'
import type { PlatformConfig } from './config.ts'
import type { Engines } from './Engines.ts'

/** A launch is retried for ever, with waits of up to half a minute. */
const LAUNCH_RETRY = { attempts: Number.POSITIVE_INFINITY, totalMs: Number.POSITIVE_INFINITY, baseMs: 1000, maxMs: 30_000 }

/** The part of a platform that launchers get. @param databaseUrl of its store, if that is open */
export function launcherContext(config: PlatformConfig, logger: Logger, databaseUrl?: string): LauncherContext {
  const settings = config.sources.instances.get('coingecko')?.settings ?? {}
  const { plan: named, api_key, base_url } = settings as Partial<Pick<CoinGeckoConfig, 'plan' | 'api_key' | 'base_url'>>
  const plan = named ?? (api_key ? 'demo' : 'keyless')
  const baseUrl = [base_url ?? PLANS[plan].baseUrl].flat()[0] as string
  const { brokers, tls, sasl } = config.redpanda
  const { url, username, password, tls: registryTls } = config.schema_registry
  const registry = url === undefined ? undefined : registrySignIn(url, { username, password })
  return {
    serversFolder: config.mcp.folder ? resolve(config.mcp.folder) : join(config.home, 'mcp'),
    env: process.env,
    logger,
    coingecko: { baseUrl, headers: api_key && plan !== 'keyless' ? { [`x-cg-${plan}-api-key`]: api_key } : {} },
    ...(databaseUrl !== undefined && { databaseUrl }),
    platformId: createHash('sha256').update(`${hostname()}:${config.home}`).digest('hex').slice(0, 8),
    readOnly: config.mcp.read_only,
    ...(brokers && { redpanda: { brokers, tls, sasl, ...(registry && { registry: { ...registry, tls: registryTls } }) } }),
  }
}

/** The MCP servers that qicore.yaml names. One that cannot be started shows in the platform's health and stops nothing else. */
export class McpServers {
  readonly #config: PlatformConfig
  readonly #logger: Logger
  readonly #engines: Pick<Engines, 'store'>
  readonly #launched: Launched[] = []
  readonly #unlaunched = new Map<string, { readonly error: QiError; readonly since: number }>()
  readonly #stopping = new AbortController()
  #manager: MCPServerManager | undefined
  #starting: Promise<unknown> = Promise.resolve()

  constructor(config: PlatformConfig, logger: Logger, engines: Pick<Engines, 'store'>) {
    this.#config = config
    this.#logger = logger
    this.#engines = engines
  }

  /** Undefined before start(). */
  get manager(): MCPServerManager | undefined {
    return this.#manager
  }

  /** Starts all servers and returns at once: their progress shows in the health. A second call does nothing. */
  start(): void {
    if (this.#manager) return
    const manager = new MCPServerManager({ logger: this.#logger })
    const { store } = this.#engines
    const context = {
      ...launcherContext(this.#config, this.#logger, store.url),
      ...(store.embedded && { server: store.embedded }),
      signal: this.#stopping.signal,
    }
    this.#manager = manager
    this.#starting = Promise.all(this.#config.mcp.servers.map((name) => this.#startOne(name, manager, context)))
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#manager?.stop()
    await this.#starting
    for (const launched of this.#launched) await launched.close?.()
  }

  health(): readonly (Omit<PartHealth, 'since'> & { readonly since: number })[] {
    const broken = [...this.#unlaunched].map(([name, { error, since }]) => ({
      name: `MCP server ${name}`,
      status: 'degraded' as const,
      since,
      summary: error.message,
      action: error.retryable ? 'it is retried' : 'it is tried again when the platform is restarted',
    }))
    return [...broken, ...(this.#manager?.health() ?? []).map(describe)]
  }

  /** Retries a launch that may succeed later, such as one that took too long; one that failed for good shows in the health. */
  async #startOne(name: string, manager: MCPServerManager, context: LauncherContext): Promise<void> {
    const { signal } = this.#stopping
    try {
      const {
        spec,
        supervision,
        warnings = [],
      } = await retry(() => this.#launch(name, context), {
        ...LAUNCH_RETRY,
        signal,
        peer: `MCP server ${name}`,
        onRetry: ({ error }) => this.#failed(name, error),
      })
      this.#unlaunched.delete(name)
      for (const warning of warnings) this.#logger.warn({ server: name }, warning)
      await manager.start(name, spec, supervision)
    } catch (error) {
      const failure = toQiError(error)
      const known = manager.health().some((server) => server.name === name)
      if (!known && failure.code !== 'CLOSED' && !signal.aborted) this.#failed(name, failure)
    }
  }

  #failed(name: string, error: QiError): void {
    this.#unlaunched.set(name, { error, since: this.#unlaunched.get(name)?.since ?? Date.now() })
    this.#logger.warn({ server: name, err: error }, error.message)
  }

  async #launch(name: string, context: LauncherContext): Promise<Launched> {
    const { file } = this.#config.mcp
    const given = file === undefined ? {} : parseServersJson(await readText(file), file)
    const spec = given[name]
    if (spec) return { spec }
    if (file !== undefined && !launchers.some((launcher) => launcher.name === name))
      throw new QiError(
        'CONFIG_INVALID',
        `mcp.servers: "${name}" is neither in ${file} nor one of ${launchers.map((each) => each.name).join(', ')}`,
        {
          field: 'mcp.servers',
        },
      )
    const launched = await launcherNamed(name).launch(context)
    this.#launched.push(launched)
    return launched
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new QiError(
      'CONFIG_INVALID',
      `mcp.file "${file}" cannot be read (${errorMessage(error)}): name a file with mcpServers`,
      {
        field: 'mcp.file',
        cause: error,
      },
    )
  }
}

function describe({ name, state, since, restarts, tools, lastError, server }: ServerHealth) {
  const part = { name: `MCP server ${name}`, since }
  if (state === 'ready') return { ...part, status: 'up' as const, summary: `${server ?? 'ready'}, ${countOf(tools, 'tool')}` }
  return {
    ...part,
    status: 'degraded' as const,
    summary: lastError?.message ?? state,
    action: state === 'failed' ? 'it is not retried' : `it is restarted; it was ${countOf(restarts, 'time')} before`,
  }
}
