import type { SourceDefinition } from '../../../lib/src/base/types/index.ts'
import { binance } from '../../../lib/src/publishers/sources/binance/index.ts'
import { venueSuite } from './venueSuite.ts'

venueSuite(binance as unknown as SourceDefinition, {
  venue: 'binance',
  instruments: [
    { coinId: 'BTC/USDT', symbol: 'BTCUSDT', topic: 'btcusdt@trade' },
    { coinId: 'ETH/USDT', symbol: 'ETHUSDT', topic: 'ethusdt@trade' },
  ],
})
