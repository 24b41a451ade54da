import { MICROS_PER_SECOND } from '../time.ts'
import { currency, ofInstrument } from './common.ts'
import { defineRecord, type RecordOf } from './define.ts'
import { decimalField, oneOf, optional, timeField } from './fields.ts'

/** Kinds of corporate actions. */
export const CORPORATE_ACTIONS = ['split', 'dividend'] as const

/** Actions are announced months before their ex-date. */
const ANNOUNCED = 800 * 86_400 * MICROS_PER_SECOND

export const corporateAction = defineRecord({
  name: 'corporate_action',
  summary: 'A split or a dividend of a security; one row per action, ex-date and source',
  topic: 'crypto-corporate-actions',
  table: 'corporate_actions',
  key: ['coin_id', 'source', 'time', 'action'],
  ahead: ANNOUNCED,
  fields: {
    ...ofInstrument,
    time: timeField('the ex-date, at 00:00 UTC: a label, not a moment'),
    action: oneOf(CORPORATE_ACTIONS, 'what it is'),
    ratio_from: optional(decimalField('of a split: units before it, such as 1 of a 4-for-1 split')),
    ratio_to: optional(decimalField('of a split: units after it, such as 4 of a 4-for-1 split')),
    amount: optional(decimalField('of a dividend: money per unit')),
    currency: optional(currency()),
  },
})
export type CorporateAction = RecordOf<typeof corporateAction>
