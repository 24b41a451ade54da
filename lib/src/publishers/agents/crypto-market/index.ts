import { defineAgent } from '../../../base/index.ts'
import { CryptoMarketAgent } from './CryptoMarketAgent.ts'
import { config } from './config.ts'

export const cryptoMarket = defineAgent({
  name: 'crypto-market',
  summary: 'Watches the market: figures, indicators, anomalies and alerts, with a report',
  config,
  create: (settings, parts) => new CryptoMarketAgent(settings, parts),
})
