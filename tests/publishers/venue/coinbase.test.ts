import type { SourceDefinition } from '../../../lib/src/base/types/index.ts'
import { coinbase } from '../../../lib/src/publishers/sources/coinbase/index.ts'
import { venueSuite } from './venueSuite.ts'

venueSuite(coinbase as unknown as SourceDefinition, {
  venue: 'coinbase',
  // Nothing in the messages tells that one was lost.
  books: false,
  instruments: [
    { coinId: 'BTC/USD', symbol: 'BTC-USD', topic: 'matches:BTC-USD' },
    { coinId: 'ETH/USD', symbol: 'ETH-USD', topic: 'matches:ETH-USD' },
  ],
})
