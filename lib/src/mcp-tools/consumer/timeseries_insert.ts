import { z } from 'zod'
import { defineTool } from '../../base/agent/index.ts'
import { recordTypes } from '../../base/types/index.ts'
import { MOST_RECORDS, refusedShown, storedOut, storedText, storeRecords } from '../shared/storeRecords.ts'

const TYPES = Object.keys(recordTypes) as [keyof typeof recordTypes, ...(keyof typeof recordTypes)[]]

export const timeseriesInsert = defineTool({
  name: 'timeseries_insert',
  title: 'Insert records',
  summary:
    'Hands in records of any type; the resource qicore://schema lists the fields of each. They go through the stream into the store like ' +
    'those of any source, marked with source and origin "manual". A record that is refused is told with its reason and does not cost the others. Nothing is rounded.',
  set: 'TimescaleTools',
  effect: 'write',
  input: z.object({
    type: z.enum(TYPES).describe('the type of the records'),
    records: z
      .array(z.unknown().meta({ type: 'object' }))
      .min(1)
      .max(MOST_RECORDS)
      .describe(
        `up to ${MOST_RECORDS}, in wire form without source, origin and received_at: figures are decimals as text, times ISO 8601 with a zone`,
      ),
    refusals_shown: refusedShown,
  }),
  output: storedOut,
  run: ({ type, records, refusals_shown }, context) => storeRecords(recordTypes[type], records, refusals_shown, context),
  text: storedText,
})
