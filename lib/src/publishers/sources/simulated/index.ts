import { defineSource } from '../../../base/index.ts'
import { config } from './config.ts'
import { SimulatedSource } from './SimulatedSource.ts'

export { COINS } from './coins.ts'
export type { SimulatedConfig } from './config.ts'
export { SimulatedMarket } from './SimulatedMarket.ts'
export { SimulatedSource, type SimulatedSourceParts } from './SimulatedSource.ts'
export { type SimulatedSeries, simulatedPrices } from './simulatedPrices.ts'

export const simulated = defineSource({
  name: 'simulated',
  summary: 'A deterministic market that needs no network: prices, candles, the whole market; every record is marked simulated',
  config,
  open: async (settings, { logger }) => new SimulatedSource({ config: settings, logger }),
})
