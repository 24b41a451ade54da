import { QiError } from '../../../base/types/index.ts'
import type { CcxtExchange } from './library.ts'

/** Leaves out the lists of contracts and options, which are fetched from other hosts. */
export function restrictToSpot({ options }: CcxtExchange): void {
  options.defaultType = 'spot'
  const asked = options.fetchMarkets
  if (typeof asked !== 'object' || asked === null) return
  const { types } = asked as { types?: unknown }
  if (Array.isArray(types) && types.includes('spot')) Object.assign(asked, { types: ['spot'] })
  else if (typeof types === 'object' && types !== null && Object.hasOwn(types, 'spot'))
    for (const type of Object.keys(types)) (types as Record<string, unknown>)[type] = type === 'spot'
}

/**
 * Chooses the test system and puts `base_url` in the place of each host.
 * @returns the addresses of the exchange, each once
 * @throws QiError CONFIG_INVALID if it has no test system
 */
export function readAddresses(
  exchange: CcxtExchange,
  source: string,
  { sandbox, base_url }: { readonly sandbox: boolean; readonly base_url: string | undefined },
): string[] {
  if (sandbox) {
    const field = `sources.${source}.sandbox`
    if (exchange.urls.test === undefined)
      throw new QiError('CONFIG_INVALID', `${field}: ${exchange.id} has no test system: leave the setting out`, { field })
    exchange.setSandboxMode(true)
  }
  if (base_url !== undefined) exchange.urls.api = moved(exchange.urls.api, base_url.replace(/\/+$/, ''))
  const hosts = leaves(exchange.urls.api).map((url) => url.replace('{hostname}', String(Reflect.get(exchange, 'hostname'))))
  return [...new Set(hosts.flatMap((url) => URL.parse(url)?.origin ?? []))]
}

/** `urls.api` is a text, or texts by the kind of call. Sockets are left as they are. */
function moved(urls: unknown, base: string): unknown {
  if (typeof urls === 'string') return urls.replace(/^https?:\/\/[^/]*/, base)
  if (typeof urls !== 'object' || urls === null) return urls
  return Object.fromEntries(Object.entries(urls).map(([kind, url]) => [kind, moved(url, base)]))
}

function leaves(urls: unknown): string[] {
  if (typeof urls === 'string') return /^https?:/.test(urls) ? [urls] : []
  return typeof urls === 'object' && urls !== null ? Object.values(urls).flatMap(leaves) : []
}
