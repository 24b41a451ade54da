import { type TlsOptions, withTimeout } from '../../../base/networking/index.ts'
import { maskUrl, optionalPackage, QiError } from '../../../base/types/index.ts'
import { redisFailure, type Site } from './failures.ts'

type Module = typeof import('@redis/client')

export interface ConnectionSettings extends Site {
  readonly name: string
  /** One server. */
  readonly url: string
  /** Some servers of a cluster, instead of `url`. */
  readonly cluster: readonly string[] | undefined
  readonly username: string | undefined
  readonly password: string | undefined
  readonly tls: TlsOptions | undefined
  /** Longest wait for a connection, and for an answer. */
  readonly timeoutMs: number
}

/** An open connection, or those to a cluster. */
interface Link {
  send(key: string, command: readonly string[]): Promise<unknown>
  destroy(): void
}

/**
 * The connection of a destination. A command opens it, and a failure that is not a reply closes it. Nothing reconnects in the background:
 * the delivery's next attempt does.
 */
export class Connection {
  readonly #module: Module
  readonly #settings: ConnectionSettings
  #link: Promise<Link> | undefined
  #closed = false

  private constructor(module: Module, settings: ConnectionSettings) {
    this.#module = module
    this.#settings = settings
  }

  /** @throws QiError CONFIG_INVALID where the package is missing */
  static async open(settings: ConnectionSettings): Promise<Connection> {
    const module = await optionalPackage<Module>({
      name: '@redis/client',
      major: 6,
      neededBy: `${settings.at}.type "redis"`,
      field: `${settings.at}.type`,
    })
    return new Connection(module, settings)
  }

  get isCluster(): boolean {
    return this.#settings.cluster !== undefined
  }

  /**
   * Sends one command. Error replies other than NOSCRIPT are classified.
   * @throws QiError
   */
  async send(key: string, command: readonly string[], signal?: AbortSignal): Promise<unknown> {
    if (this.#closed) throw new QiError('CLOSED', `${this.#settings.at} is closed`)
    this.#link ??= this.#connect()
    const pending = this.#link
    try {
      const link = await pending
      return await withTimeout(this.#settings.timeoutMs, this.#peer, () => link.send(key, command), signal)
    } catch (error) {
      const isReply = error instanceof this.#module.ErrorReply
      if (isReply && error.message.startsWith('NOSCRIPT')) throw error
      const failure = redisFailure(error, isReply, this.#settings)
      // A retryable reply can come from a former primary, so the next attempt makes a new connection.
      if (!isReply || failure.retryable) this.#giveUp(pending)
      throw failure
    }
  }

  close(): void {
    this.#closed = true
    if (this.#link) this.#giveUp(this.#link)
  }

  get #peer(): string {
    return `Redis at ${this.#settings.peer}`
  }

  #giveUp(link: Promise<Link>): void {
    if (this.#link === link) this.#link = undefined
    link.then(
      (open) => open.destroy(),
      () => {},
    )
  }

  async #connect(): Promise<Link> {
    const { username, password, tls, timeoutMs, cluster, url, name } = this.#settings
    const socket = { connectTimeout: timeoutMs, reconnectStrategy: false as const }
    const common = {
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      socket: tls ? { ...socket, ...tls, tls: true as const } : socket,
      disableOfflineQueue: true,
      name: `qicore-${name}`,
    }
    // A failure is also thrown by the command that it affects.
    const quiet = () => {}
    if (cluster) {
      const client = this.#module.createCluster({ rootNodes: cluster.map((one) => ({ url: one })), defaults: common })
      client.on('error', quiet)
      return this.#opened(client, (key, command) => client.sendCommand(key, false, [...command]))
    }
    const client = this.#module.createClient({ url, ...common })
    client.on('error', quiet)
    return this.#opened(client, (_key, command) => client.sendCommand(command))
  }

  async #opened(client: { connect(): Promise<unknown>; destroy(): void }, send: Link['send']): Promise<Link> {
    const destroy = () => {
      try {
        client.destroy()
      } catch {
        // it has ended by itself
      }
    }
    try {
      await withTimeout(this.#settings.timeoutMs, this.#peer, () => client.connect())
    } catch (error) {
      destroy()
      throw error
    }
    return { send, destroy }
  }
}

/** Addresses without secrets. */
export const shown = (urls: readonly string[]): string => urls.map(maskUrl).join(', ')
