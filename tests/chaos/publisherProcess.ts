/**
 * CoinGecko's source and its publisher as a process of its own: `{"url", "coins", "currencies", "limits"}`. The limits stand in
 * for those of the plan, whose window is a minute.
 */
import { sharedRateLimits } from '../../lib/src/base/database/index.ts'
import type { RateLimits } from '../../lib/src/base/types/index.ts'
import { CryptoDataPublisher } from '../../lib/src/publishers/index.ts'
import { coingecko } from '../../lib/src/publishers/sources/coingecko/index.ts'
import { loadConfig, openStoreFor, openStreamFor, Supervisor } from '../../lib/src/streaming/platform/index.ts'
import { printingLogger as logger } from './printingLogger.ts'

export interface PublisherSettings {
  readonly url: string
  readonly coins: readonly string[]
  readonly currencies: readonly string[]
  readonly limits: Pick<RateLimits, 'limit' | 'windowMs' | 'slackMs'>
}

const { url, coins, currencies, limits } = JSON.parse(process.argv[2] as string) as PublisherSettings
const stop = Promise.withResolvers<void>()
process.once('SIGTERM', () => stop.resolve())

const { config } = loadConfig()
await using store = await openStoreFor(config, { logger })
await using stream = await openStreamFor(config, store, { logger })
const shared = sharedRateLimits(store.pool)
const settings = coingecko.config.parse({
  base_url: url,
  api_key: 'CG-one-key-for-all',
  coins,
  currencies,
  // As often as it can be asked: the limit alone holds it back.
  calls_per_minute: 1e6,
  calls_per_month: 1e11,
  intervals: { prices: 1, market: 0, trending: 0, instruments: 0, ohlc: 0 },
})
const supervisor = new Supervisor(logger)
supervisor.add('publisher', async (signal) => {
  const rateLimit = (key: string, of: RateLimits) => shared(key, { ...of, ...limits })
  await using source = await coingecko.open(settings, { name: 'coingecko', logger, rateLimit })
  await using publisher = new CryptoDataPublisher({ source, stream, logger })
  await publisher.run(signal)
})
await stop.promise
await supervisor.stop()
process.disconnect?.()
