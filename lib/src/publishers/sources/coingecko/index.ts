import { defineSource, MICROS_PER_SECOND } from '../../../base/types/index.ts'
import { CoinGeckoSource } from './CoinGeckoSource.ts'
import { clientOf } from './clientOf.ts'
import { config } from './config.ts'
import { CoinGeckoHistory } from './history.ts'
import { parseInteraction } from './interactions.ts'
import { jobsOf } from './jobs.ts'
import { planCalls } from './schedule.ts'

export type { Parsed, Refused } from '../shared/collect.ts'
export { type CallOptions, CoinGeckoClient, type CoinGeckoClientOptions } from './CoinGeckoClient.ts'
export { CoinGeckoDSL } from './CoinGeckoDSL.ts'
export { CoinGeckoSource, type CoinGeckoSourceOptions } from './CoinGeckoSource.ts'
export { CryptoMCPWrapper, type CryptoMCPWrapperOptions } from './CryptoMCPWrapper.ts'
export { openCoinGeckoDSL } from './clientOf.ts'
export type { CoinGeckoConfig } from './config.ts'
export type { OhlcDays } from './parse/ohlc.ts'
export type { CoinMatch, FoundCoins } from './parse/search.ts'
export { PLANS, type Plan } from './plans.ts'
export { MINUTES_A_MONTH, planCalls } from './schedule.ts'
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
  terms: {
    attribution: 'credit CoinGecko with a link where its data are shown ("Data provided by CoinGecko")',
    redistribution: 'not without a plan or an agreement that allows it',
    url: 'https://www.coingecko.com/en/api_terms',
  },
  config,
  async open(settings, context) {
    const { logger } = context
    const plan = planCalls(settings)
    logger.debug(
      { plan: plan.plan, calls_per_minute: plan.callsPerMinute, every_seconds: plan.intervals },
      'the call plan of CoinGecko',
    )
    const client = clientOf(settings, plan, context)
    return new CoinGeckoSource({ client, jobs: jobsOf(client, settings, plan), logger })
  },
  async history(settings, context) {
    const plan = planCalls(settings)
    return new CoinGeckoHistory({ client: clientOf(settings, plan, context), currencies: settings.currencies })
  },
  cadence(settings) {
    const { prices, ohlc } = planCalls(settings).intervals
    return { ...(prices > 0 && { price: prices * MICROS_PER_SECOND }), ...(ohlc > 0 && { ohlcv: ohlc * MICROS_PER_SECOND }) }
  },
  interactions: parseInteraction,
})
