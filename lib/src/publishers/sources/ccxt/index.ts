import { defineSource, MICROS_PER_SECOND } from '../../../base/types/index.ts'
import { CcxtClient } from './CcxtClient.ts'
import { CcxtSource } from './CcxtSource.ts'
import { config } from './config.ts'
import { CcxtHistory } from './history.ts'

export const ccxt = defineSource({
  name: 'ccxt',
  summary: 'Candles, trades and tickers of any exchange that the package ccxt knows, by polling; without a live stream',
  config,
  async open(settings, context) {
    return new CcxtSource(await CcxtClient.open(settings, context), settings, context)
  },
  async history(settings, context) {
    return new CcxtHistory(await CcxtClient.open(settings, context), settings, context.name)
  },
  cadence({ candles, tickers, every_s }) {
    return {
      ...(candles.length > 0 && { ohlcv: every_s.candles * MICROS_PER_SECOND }),
      ...(tickers && { price: every_s.tickers * MICROS_PER_SECOND }),
    }
  },
})
