import { CLOCK_SLACK, ofInstrument } from './common.ts'
import { defineRecord, type RecordOf } from './define.ts'
import { decimalField, integer, optional } from './fields.ts'

export const trending = defineRecord({
  name: 'trending',
  summary: 'A place in the list of the coins most searched for',
  topic: 'crypto-trending',
  table: 'trending',
  key: ['source', 'time', 'rank'],
  ahead: CLOCK_SLACK,
  series: { by: ['source'], proof: 'cadence' },
  fields: {
    ...ofInstrument,
    rank: integer('1 is the first'),
    score: optional(decimalField("the source's score")),
    price: optional(decimalField('the price the list showed, in the currency of the list')),
  },
})
export type Trending = RecordOf<typeof trending>
