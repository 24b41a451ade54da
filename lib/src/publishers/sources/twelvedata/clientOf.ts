import { readTls } from '../../../base/networking/index.ts'
import { MICROS_PER_SECOND, type RateLimit, type SourceContext } from '../../../base/types/index.ts'
import { needsKey } from '../shared/needsKey.ts'
import type { TwelveDataConfig } from './config.ts'
import { Credits } from './credits.ts'
import { planCredits } from './schedule.ts'
import { TwelveDataClient } from './TwelveDataClient.ts'

/** The credits of an account; clients of one key share them, across processes if the platform has shared limits. */
export function creditsOf(settings: TwelveDataConfig, key: string, { rateLimit }: SourceContext): RateLimit {
  const { perMinute, perDay } = planCredits(settings)
  return new Credits({ perMinute, perDay, ...(rateLimit && { shared: (limits) => rateLimit(key, limits) }) })
}

/** The client of an instance. @throws QiError CONFIG_INVALID without a key */
export function clientOf(settings: TwelveDataConfig, context: SourceContext): TwelveDataClient {
  const { name, logger } = context
  const { api_key: apiKey, retry } = settings
  if (apiKey === undefined) throw needsKey('Twelve Data', name)
  return new TwelveDataClient({
    source: name,
    apiKey,
    plan: settings.plan,
    baseUrl: [settings.base_url],
    credits: creditsOf(settings, apiKey, context),
    adjust: settings.adjust,
    settle: settings.settle_s * MICROS_PER_SECOND,
    timeoutMs: settings.timeout_ms,
    attempts: retry.attempts,
    retryBaseMs: retry.base_ms,
    retryMaxMs: retry.max_ms,
    totalMs: retry.total_ms,
    breaker: settings.breaker,
    tls: readTls(settings.tls, `sources.${name}.tls`),
    logger,
  })
}
