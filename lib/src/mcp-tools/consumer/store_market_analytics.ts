import { z } from 'zod'
import { defineTool } from '../../base/agent/index.ts'
import { recordTypes } from '../../base/types/index.ts'
import { recordsOf, refusedShown, storedOut, storedText, storeRecords } from '../shared/storeRecords.ts'

export const storeMarketAnalytics = defineTool({
  name: 'store_market_analytics',
  title: 'Store market figures',
  summary:
    'Hands in figures of the whole market by currency and time, as exact decimals; they are stored marked, with source and origin "manual". A record that is refused is told with its reason and does not cost the others.',
  set: 'TimescaleDBFinancialTools',
  effect: 'write',
  input: z.object({ records: recordsOf(recordTypes.market_analytics), refusals_shown: refusedShown }),
  output: storedOut,
  run: ({ records, refusals_shown }, context) => storeRecords(recordTypes.market_analytics, records, refusals_shown, context),
  text: storedText,
})
