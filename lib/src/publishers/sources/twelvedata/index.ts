import { defineSource, MICROS_PER_SECOND, type SourceParts } from '../../../base/types/index.ts'
import { clientOf } from './clientOf.ts'
import { config, type TwelveDataConfig } from './config.ts'
import { TwelveDataHistory } from './history.ts'
import { planCredits } from './schedule.ts'
import { TwelveDataDSL } from './TwelveDataDSL.ts'
import { TwelveDataSource } from './TwelveDataSource.ts'

export type { TwelveDataConfig } from './config.ts'
export type { Listing } from './listing.ts'
export type { ProviderIndicator } from './parse/indicator.ts'
export { PLANS as TWELVEDATA_PLANS } from './plans.ts'
export { TwelveDataClient, type TwelveDataClientOptions } from './TwelveDataClient.ts'
export { type IndicatorAnswer, TWELVEDATA_INPUTS, TwelveDataDSL } from './TwelveDataDSL.ts'

export const twelvedata = defineSource({
  name: 'twelvedata',
  summary: 'Stocks, funds, indices, currencies and crypto from Twelve Data: candles, last prices and instruments, with a key',
  terms: {
    attribution: 'credit Twelve Data with a link where its data are shown ("Data provided by Twelve Data")',
    redistribution: 'not without a plan or an agreement that allows it; some exchanges ask for an agreement of their own',
    url: 'https://twelvedata.com/terms',
  },
  config,
  async open(settings, context) {
    return new TwelveDataSource(clientOf(settings, context), settings, context.logger)
  },
  async history(settings, context) {
    return new TwelveDataHistory({ client: clientOf(settings, context), symbols: settings.symbols })
  },
  cadence(settings) {
    const { quotes, candles } = planCredits(settings).intervals
    return {
      ...(quotes > 0 && { price: quotes * MICROS_PER_SECOND }),
      ...(candles > 0 && { ohlcv: candles * MICROS_PER_SECOND }),
    }
  },
})

/** The verbs, with the settings of the source and within its credits. */
export function openTwelveDataDSL({ settings, context }: SourceParts): TwelveDataDSL {
  return new TwelveDataDSL(clientOf(settings as unknown as TwelveDataConfig, context))
}
