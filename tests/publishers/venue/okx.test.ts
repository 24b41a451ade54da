import type { SourceDefinition } from '../../../lib/src/base/types/index.ts'
import { okx } from '../../../lib/src/publishers/sources/okx/index.ts'
import { venueSuite } from './venueSuite.ts'

venueSuite(okx as unknown as SourceDefinition, {
  venue: 'okx',
  instruments: [
    { coinId: 'BTC/USDT', symbol: 'BTC-USDT', topic: 'trades-all:BTC-USDT' },
    { coinId: 'ETH/USDT', symbol: 'ETH-USDT', topic: 'trades-all:ETH-USDT' },
  ],
})
