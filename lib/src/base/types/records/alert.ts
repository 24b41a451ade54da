import { CLOCK_SLACK, currency, ofInstrument } from './common.ts'
import { defineRecord, type RecordOf } from './define.ts'
import { decimalField, message, oneOf, optional, text, timeField } from './fields.ts'

export const SEVERITIES = ['info', 'warning', 'critical'] as const
export type Severity = (typeof SEVERITIES)[number]

/** Streamed once when it is raised, and again when it clears: the later record is the whole alert. */
export const alert = defineRecord({
  name: 'alert',
  summary: 'An alert of an agent or a pipeline: raised once, until it clears',
  topic: 'crypto-alerts',
  table: 'alerts',
  key: ['coin_id', 'source', 'currency', 'name', 'time', 'raised_by'],
  ahead: CLOCK_SLACK,
  fields: {
    ...ofInstrument,
    time: timeField('when it was raised: the moment of the decision'),
    currency: currency(),
    name: text('the rule, such as above 70000'),
    raised_by: text('the agent or the pipeline that watches the rule'),
    severity: oneOf(SEVERITIES, 'how urgent it is'),
    value: optional(decimalField('the figure that decided; one that we computed has the digits of a float64')),
    message: message('a sentence for people'),
    as_of: timeField('the time of the data that decided'),
    cleared_at: optional(timeField('when it was over; absent while it is active')),
  },
})
export type Alert = RecordOf<typeof alert>
