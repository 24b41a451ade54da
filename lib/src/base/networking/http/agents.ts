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
  /** The address that each host was last connected at. */
  readonly #connectedAt = new Map<string, string>()
  readonly #made = new Map<Addresses, Promise<Dispatcher>>()

  /** @throws QiError CONFIG_INVALID where `addresses.allow` holds something else than addresses and blocks */
  constructor(options: AgentsOptions) {
    addressTest(options.addresses)
    this.#options = options
  }

  /** @param redirected whether an answer sent the call there: then a host that was public stays so, whatever its name stands for now */
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
    // Loaded at the first call. Node's own fetch stands on the same library, but gives no access to it.
    const { Agent, EnvHttpProxyAgent, buildConnector } = await import('undici')
    const { tls, socketPath, bounds } = this.#options
    const options = {
      maxHeaderSize: bounds.maxHeaderBytes,
      headersTimeout: timer(bounds.idleMs),
      bodyTimeout: timer(bounds.idleMs),
    }
    // A proxy is what Node's fetch would use. It connects in our place, so nothing can be promised of addresses.
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

/** Milliseconds as undici takes them, which knows 0 as none. */
export const timer = (ms: number): number => (ms > LONGEST_TIMER ? 0 : ms)
