import { readTls, SlidingWindowLimit } from '../../base/networking/index.ts'
import type { SourceContext } from '../../base/types/index.ts'
import { RestClient, type RestClientOptions } from '../sources/shared/RestClient.ts'
import type { VenueSettings } from './settings.ts'
import type { Venue } from './types.ts'
import { VenueHistory } from './VenueHistory.ts'
import { VenueSource } from './VenueSource.ts'

export interface RestTraits extends Pick<RestClientOptions, 'errorOf' | 'isFailure' | 'headers' | 'secrets'> {
  readonly peer: string
  readonly baseUrls: readonly string[]
  /** Weight of calls a minute that the venue allows an address. */
  readonly weightPerMinute: number
}

/** REST client of a venue. All processes on one store share its limit, because a venue counts by address and not by key. */
export function restOf(
  { peer, baseUrls, weightPerMinute, ...more }: RestTraits,
  settings: VenueSettings,
  context: SourceContext,
): RestClient {
  const { rest_url: given, calls_per_minute: limit = weightPerMinute, retry, breaker, tls, timeout_ms: timeoutMs } = settings
  const addresses = given ?? baseUrls
  return new RestClient({
    peer,
    baseUrls: addresses,
    callsPerMinute: limit,
    ...(context.rateLimit && { rateLimit: context.rateLimit(`ip ${hostOf(addresses)}`, { service: peer, limit }) }),
    ...more,
    timeoutMs,
    attempts: retry.attempts,
    retryBaseMs: retry.base_ms,
    retryMaxMs: retry.max_ms,
    totalMs: retry.total_ms,
    breaker,
    tls: readTls(tls, `sources.${context.name}.tls`),
    tlsAt: `sources.${context.name}.tls`,
    logger: context.logger,
  })
}

export function openVenueSource(venue: Venue, settings: VenueSettings, context: SourceContext): VenueSource {
  const { connections_per_minute: limit } = settings
  const { peer, sockets } = venue
  const service = `${peer} sockets`
  return new VenueSource({
    venue,
    settings,
    context,
    tls: readTls(settings.tls, `sources.${context.name}.tls`),
    connections:
      context.rateLimit?.(`ip ${hostOf(sockets)}`, { service, limit }) ?? new SlidingWindowLimit({ limit, peer: service }),
  })
}

export const openVenueHistory = (venue: Venue, settings: VenueSettings): VenueHistory =>
  new VenueHistory({ venue, currency: settings.quotes_in[0] as string })

const hostOf = (addresses: readonly string[]): string => addresses.map((address) => new URL(address).host).join(' ')
