import { defineAgent } from '../../../base/agent/index.ts'
import type { SourcesConfig } from '../../../base/types/index.ts'
import { notCoinGecko } from '../shared/notCoinGecko.ts'
import { CryptoMarketAgent } from './CryptoMarketAgent.ts'
import { config, STORED } from './config.ts'

export const cryptoMarket = defineAgent({
  name: 'crypto-market',
  summary: 'Watches the market: figures, indicators, anomalies and alerts, with a report',
  config,
  check({ fetch }, { sources }) {
    const { instances } = sources as SourcesConfig
    if (fetch === STORED || instances.get(fetch)?.type.name === 'coingecko') return undefined
    return { path: 'fetch', message: notCoinGecko(fetch, instances, [STORED]) }
  },
  create: (settings, parts) => new CryptoMarketAgent(settings, parts),
})
