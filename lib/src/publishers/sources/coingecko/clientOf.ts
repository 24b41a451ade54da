import { readTls } from '../../../base/networking/index.ts'
import type { SourceContext, SourceParts } from '../../../base/types/index.ts'
import { CoinGeckoClient } from './CoinGeckoClient.ts'
import { CoinGeckoDSL } from './CoinGeckoDSL.ts'
import type { CoinGeckoConfig } from './config.ts'
import { type CallPlan, planCalls } from './schedule.ts'

/** The client of an account. Clients of one key share its limit, across processes if the platform has shared limits. */
export function clientOf(settings: CoinGeckoConfig, plan: CallPlan, { name, logger, rateLimit }: SourceContext): CoinGeckoClient {
  return new CoinGeckoClient({
    source: name,
    plan: plan.plan,
    apiKey: settings.api_key,
    baseUrl: settings.base_url,
    callsPerMinute: plan.callsPerMinute,
    timeoutMs: settings.timeout_ms,
    attempts: settings.retry.attempts,
    retryBaseMs: settings.retry.base_ms,
    retryMaxMs: settings.retry.max_ms,
    totalMs: settings.retry.total_ms,
    breaker: settings.breaker,
    logger,
    // Keyless calls are limited by address, so all of one platform share a limit.
    ...(rateLimit && {
      rateLimit: rateLimit(settings.api_key ?? 'keyless', { service: 'CoinGecko', limit: plan.callsPerMinute }),
    }),
    tls: readTls(settings.tls, `sources.${name}.tls`),
  })
}

/** The verbs, with the settings of the source and within its limits. */
export function openCoinGeckoDSL({ settings, context }: SourceParts): CoinGeckoDSL {
  const config = settings as unknown as CoinGeckoConfig
  return new CoinGeckoDSL(clientOf(config, planCalls(config), context))
}
