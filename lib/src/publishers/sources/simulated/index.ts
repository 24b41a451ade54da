import { defineSource } from '../../../base/types/index.ts'
import { config, intervalOf } from './config.ts'
import { SimulatedHistory } from './history.ts'
import { MINUTE } from './SimulatedMarket.ts'
import { SimulatedSource } from './SimulatedSource.ts'

export { COINS } from './coins.ts'
export type { SimulatedConfig } from './config.ts'
export { SimulatedMarket } from './SimulatedMarket.ts'
export { SimulatedSource, type SimulatedSourceParts } from './SimulatedSource.ts'
export { type SimulatedSeries, simulatedPrices } from './simulatedPrices.ts'

export const simulated = defineSource({
  name: 'simulated',
  summary:
    'A deterministic market that needs no network: prices, candles, trades, market figures; every record is marked simulated',
  terms: { attribution: 'none is needed: the figures are invented', redistribution: 'free' },
  config,
  open: async (settings, { name, logger }) => new SimulatedSource({ name, config: settings, logger }),
  history: async (settings, { name }) => new SimulatedHistory(name, settings),
  cadence: (settings) => ({
    price: intervalOf(settings),
    ...(settings.candles && { ohlcv: MINUTE }),
    ...(settings.market && { market_analytics: MINUTE, trending: MINUTE }),
  }),
  contiguous: () => ['trade'],
})
