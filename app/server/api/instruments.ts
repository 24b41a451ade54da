import { instrumentsQuery } from '../../../lib/src/base/database/index.ts'
import { recordTypes } from '../../../lib/src/base/types/index.ts'
import { json } from '../headers.ts'
import { formatHeaders, formatNames, formatOf, formatParameter, otherTypes } from '../history/format.ts'
import { listAnswer } from '../history/list.ts'
import { defineRoute } from '../route.ts'
import { pageOf } from './schemas.ts'
import { pageJson } from './wire.ts'

const { instrument } = recordTypes

export const instruments = defineRoute({
  path: '/api/v1/instruments',
  suffixes: formatNames,
  tag: 'Prices',
  name: 'instruments',
  summary:
    'Instruments that the sources list: currencies, exchanges and trading pairs. Many share one ticker; coin_id and source are unique',
  query: instrumentsQuery.extend({ format: formatParameter }),
  headers: formatHeaders.pick({ accept: true }),
  responses: {
    200: { description: 'instruments', schema: pageOf(instrument, 'InstrumentPage', 'Instruments'), more: otherTypes },
  },
  errors: ['BAD_REQUEST', 'UNAVAILABLE', 'TIMEOUT'],
  async answer({ platform }, { format: parameter, ...query }, asked) {
    const format = formatOf({ suffix: asked.suffix, parameter, accept: asked.header('accept') })
    const page = await platform.store.reads.dsl.listInstruments(query)
    return format === 'json' ? json(pageJson(instrument, page)) : listAnswer(asked, format, 'instruments', instrument, page)
  },
})
