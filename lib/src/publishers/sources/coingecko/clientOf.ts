import { readTls, type SourceContext, type SourceParts } from '../../../base/index.ts'
import { CoinGeckoClient } from './CoinGeckoClient.ts'
import { CoinGeckoDSL } from './CoinGeckoDSL.ts'
import type { CoinGeckoConfig } from './config.ts'
import { type CallPlan, planCalls } from './schedule.ts'

/** The client of an account; all clients of one key share its limit, in other processes too where the platform keeps one. */
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
    // Those without a key are counted by their address: all of one platform are one.
    ...(rateLimit && {
      rateLimit: rateLimit(settings.api_key ?? 'keyless', { service: 'CoinGecko', limit: plan.callsPerMinute }),
    }),
    tls: readTls(settings.tls, `sources.${name}.tls`),
  })
}

/** The verbs, under the settings of the source and within its limits. */
export function openCoinGeckoDSL({ settings, context }: SourceParts): CoinGeckoDSL {
  const config = settings as unknown as CoinGeckoConfig
  return new CoinGeckoDSL(clientOf(config, planCalls(config), context))
}
