import { defineRecord } from './define.ts'
import { message, optional } from './fields.ts'
import { instrument, instrumentFields } from './instrument.ts'

/** An instrument as it is listed. It is no record of a topic or a table; files of instruments have its fields. */
export const listedInstrument = defineRecord({
  name: 'listed_instrument',
  summary: 'What a source lists, with the terms of its provider',
  topic: instrument.topic,
  key: ['coin_id', 'source'],
  ahead: instrument.ahead,
  fields: {
    ...instrumentFields,
    terms: optional(message('the terms of its provider: attribution, redistribution and their address')),
  },
})
