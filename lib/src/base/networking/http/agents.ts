import type { Dispatcher } from 'undici'
import type { TlsOptions } from '../tls/read.ts'
import { type Addresses, addressTest, isPublicAddress } from './addresses.ts'
import { type HttpBounds, LONGEST_TIMER } from './bounds.ts'
import { guardedConnector } from './connector.ts'

export interface AgentsOptions {
  readonly addresses: Addresses
  readonly tls?: TlsOptions | undefined
  readonly socketPath?: string | undefined
  readonly bounds: HttpBounds
}

/** The connections of one client. */
export class Agents {
  readonly #options: AgentsOptions
  /** The last address of each host. */
  readonly #connectedAt = new Map<string, string>()
  readonly #made = new Map<Addresses, Promise<Dispatcher>>()

  /** @throws QiError CONFIG_INVALID for an entry of `addresses` that is neither an address nor a block */
  constructor(options: AgentsOptions) {
    addressTest(options.addresses)
    this.#options = options
  }

  /** @param redirected true if a redirect led there: a host that was public before must still be, whatever its name resolves to now */
  for(url: URL, redirected: boolean): Promise<Dispatcher> {
    const { addresses } = this.#options
    const publicBefore = redirected && isPublicAddress(this.#connectedAt.get(url.hostname) ?? '')
    const needed = publicBefore && addresses === 'any' ? 'public' : addresses
    const known = this.#made.get(needed) ?? this.#make(needed)
    this.#made.set(needed, known)
    return known
  }

  /** Ends all connections, and the calls on them. */
  async close(): Promise<void> {
    await Promise.all([...this.#made.values()].map(async (made) => (await made).destroy()))
  }

  async #make(addresses: Addresses): Promise<Dispatcher> {
    // Loaded at the first call. Node's fetch uses the same library, but does not expose it.
    const { Agent, EnvHttpProxyAgent, buildConnector } = await import('undici')
    const { tls, socketPath, bounds } = this.#options
    const options = {
      maxHeaderSize: bounds.maxHeaderBytes,
      headersTimeout: timer(bounds.idleMs),
      bodyTimeout: timer(bounds.idleMs),
    }
    // The proxy that Node's fetch would use. It connects in our place, so addresses cannot be checked.
    if (addresses === 'any' && !socketPath && process.env.NODE_USE_ENV_PROXY === '1')
      return new EnvHttpProxyAgent({
        ...options,
        connect: { ...tls, timeout: bounds.connectMs },
        ...(tls && { requestTls: { ...tls } }),
      })
    const onConnect = (hostname: string, address: string) => void this.#connectedAt.set(hostname, address)
    const connect = guardedConnector(buildConnector, { addresses, tls, socketPath, connectMs: bounds.connectMs, onConnect })
    return new Agent({ ...options, connect })
  }
}

/** Milliseconds for undici, where 0 means no limit. */
export const timer = (ms: number): number => (ms > LONGEST_TIMER ? 0 : ms)
