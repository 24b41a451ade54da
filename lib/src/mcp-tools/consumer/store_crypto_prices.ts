import { z } from 'zod'
import { defineTool } from '../../base/agent/index.ts'
import { recordTypes } from '../../base/types/index.ts'
import { recordsOf, refusedShown, storedOut, storedText, storeRecords } from '../shared/storeRecords.ts'

export const storeCryptoPrices = defineTool({
  name: 'store_crypto_prices',
  title: 'Store prices',
  summary:
    'Hands in prices by coin, currency and time, as exact decimals; they are stored marked, with source and origin "manual". A record that is refused is told with its reason and does not cost the others.',
  set: 'TimescaleDBFinancialTools',
  effect: 'write',
  input: z.object({ records: recordsOf(recordTypes.price), refusals_shown: refusedShown }),
  output: storedOut,
  run: ({ records, refusals_shown }, context) => storeRecords(recordTypes.price, records, refusals_shown, context),
  text: storedText,
})
