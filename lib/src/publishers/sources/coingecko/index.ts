import { defineSource, readTls, secureFetch } from '../../../base/index.ts'
import { CoinGeckoClient } from './CoinGeckoClient.ts'
import { CoinGeckoSource } from './CoinGeckoSource.ts'
import { config } from './config.ts'
import { jobsOf } from './jobs.ts'
import { planCalls } from './schedule.ts'

export { type CallOptions, CoinGeckoClient, type CoinGeckoClientOptions } from './CoinGeckoClient.ts'
export { CoinGeckoDSL } from './CoinGeckoDSL.ts'
export { CoinGeckoSource, type CoinGeckoSourceOptions } from './CoinGeckoSource.ts'
export type { CoinGeckoConfig } from './config.ts'
export type { OhlcDays } from './parse/ohlc.ts'
export type { Parsed, Refused } from './parse/parsed.ts'
export type { CoinMatch, FoundCoins } from './parse/search.ts'
export { PLANS, type Plan } from './plans.ts'
export {
  type CoinGeckoVerbs,
  type PricedMatch,
  VERB_INPUTS,
  type VerbInput,
  type VerbName,
  type VerbOptions,
  type VerbResult,
} from './verbs.ts'

export const coingecko = defineSource({
  name: 'coingecko',
  summary: 'Prices, candles, trending coins and the whole market from the CoinGecko API, without a key or with one',
  config,
  async open(settings, { logger, rateLimit }) {
    const plan = planCalls(settings)
    logger.info(
      { plan: plan.plan, calls_per_minute: plan.callsPerMinute, every_seconds: plan.intervals },
      'CoinGecko: what is asked how often',
    )
    const tls = readTls(settings.tls, 'coingecko.tls')
    const secure = tls && secureFetch(tls)
    const client = new CoinGeckoClient({
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
      ...(secure && { fetch: secure.fetch }),
    })
    return new CoinGeckoSource({ client, jobs: jobsOf(client, settings, plan), logger })
  },
})
