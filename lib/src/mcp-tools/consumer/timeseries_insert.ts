import { z } from 'zod'
import { defineTool, recordTypes } from '../../base/index.ts'
import { MOST_RECORDS, refusedShown, storedOut, storedText, storeRecords } from '../shared/storeRecords.ts'

const TYPES = Object.keys(recordTypes) as [keyof typeof recordTypes, ...(keyof typeof recordTypes)[]]

export const timeseriesInsert = defineTool({
  name: 'timeseries_insert',
  title: 'Insert records',
  summary:
    'Stores records of any type by their primary key, checked as a publisher checks them; the resource qicore://schema lists the fields ' +
    'of each type. A record that is refused is told with its reason and does not cost the others. Nothing is rounded.',
  set: 'TimescaleTools',
  effect: 'write',
  input: z.object({
    type: z.enum(TYPES).describe('the type of the records'),
    records: z
      .array(z.unknown().meta({ type: 'object' }))
      .min(1)
      .max(MOST_RECORDS)
      .describe(
        `up to ${MOST_RECORDS}, in wire form: figures are decimals as text, times ISO 8601 with a zone; received_at is now and origin "backfill" when left out`,
      ),
    refusals_shown: refusedShown,
  }),
  output: storedOut,
  run: ({ type, records, refusals_shown }, context) => storeRecords(recordTypes[type], records, refusals_shown, context),
  text: storedText,
})
