import { defineAgent } from '../../../base/agent/index.ts'
import { AnalyticsAgent } from './AnalyticsAgent.ts'
import { config } from './settings.ts'

export const analytics = defineAgent({
  name: 'analytics',
  summary: 'Computes indicators, volatility regimes, correlations and market breadth, and writes them back as records',
  config,
  create: (settings, parts) => new AnalyticsAgent(settings, parts),
})
