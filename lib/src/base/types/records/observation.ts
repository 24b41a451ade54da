import { CLOCK_SLACK, common } from './common.ts'
import { defineRecord, type RecordOf } from './define.ts'
import { decimalField, optional, text, timeField } from './fields.ts'

export const observation = defineRecord({
  name: 'observation',
  summary: 'A figure of an economic series for one date, as one vintage published it',
  topic: 'crypto-observations',
  table: 'observations',
  key: ['coin_id', 'source', 'time', 'realtime_start'],
  ahead: CLOCK_SLACK,
  fields: {
    coin_id: text("the source's own id of the series, such as GDP"),
    ...common,
    time: timeField('the date of the observation, at 00:00 UTC: a label, not a moment'),
    value: optional(decimalField('the figure; absent where the source says that it is missing')),
    realtime_start: text('the vintage: the first date on which this figure was the published one, such as 2026-01-30'),
    units: text('the units of the figure, as the source writes them, such as Billions of Dollars'),
  },
})
export type Observation = RecordOf<typeof observation>
