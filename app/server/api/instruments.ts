import { instrumentsQuery, recordTypes } from '../../../lib/src/base/index.ts'
import { json } from '../headers.ts'
import { defineRoute } from '../route.ts'
import { pageOf } from './schemas.ts'
import { pageJson } from './wire.ts'

const { instrument } = recordTypes

export const instruments = defineRoute({
  path: '/api/v1/instruments',
  name: 'instruments',
  summary:
    'What the sources list: currencies, exchanges and trading pairs. Many share one ticker: coin_id and source tell them apart',
  query: instrumentsQuery,
  responses: { 200: { description: 'instruments', schema: pageOf(instrument, 'Instruments') } },
  errors: ['BAD_REQUEST', 'UNAVAILABLE', 'TIMEOUT'],
  answer: async ({ platform }, query) => json(pageJson(instrument, await platform.store.reads.dsl.listInstruments(query))),
})
