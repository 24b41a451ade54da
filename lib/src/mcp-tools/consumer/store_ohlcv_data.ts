import { z } from 'zod'
import { defineTool } from '../../base/agent/index.ts'
import { recordTypes } from '../../base/types/index.ts'
import { recordsOf, refusedShown, storedOut, storedText, storeRecords } from '../shared/storeRecords.ts'

export const storeOhlcvData = defineTool({
  name: 'store_ohlcv_data',
  title: 'Store candles',
  summary:
    'Hands in candles by coin, currency, timeframe and time (their UTC open), as exact decimals; they are stored marked, with source and origin "manual". A record that is refused is told with its reason and does not cost the others.',
  set: 'TimescaleDBFinancialTools',
  effect: 'write',
  input: z.object({ records: recordsOf(recordTypes.ohlcv), refusals_shown: refusedShown }),
  output: storedOut,
  run: ({ records, refusals_shown }, context) => storeRecords(recordTypes.ohlcv, records, refusals_shown, context),
  text: storedText,
})
