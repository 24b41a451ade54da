import { z } from 'zod'
import { instrumentsQuery } from '../../../lib/src/base/database/index.ts'
import {
  type Instrument,
  listedInstrument,
  type ProviderTerms,
  recordTypes,
  termsText,
} from '../../../lib/src/base/types/index.ts'
import { termsOf } from '../../../lib/src/streaming/platform/index.ts'
import { json } from '../headers.ts'
import { formatHeaders, formatNames, formatOf, formatParameter, otherTypes } from '../history/format.ts'
import { listAnswer } from '../history/list.ts'
import { named } from '../openapi/named.ts'
import { defineRoute } from '../route.ts'
import { pageJson } from './wire.ts'

const { instrument } = recordTypes

const text = z.string()
const terms = named(
  'ProviderTerms',
  z
    .object({
      attribution: text.describe('how the data are to be credited'),
      redistribution: text.describe('whether the data may be passed on'),
      url: text.optional().describe('the address of the terms'),
    })
    .describe('The terms of the provider of a source'),
)

const instrumentPage = named(
  'InstrumentPage',
  z
    .object({
      items: z.array(instrument.schema),
      next: text.optional().describe('pass it as `after` to get the next page; absent on the last one'),
      terms: z.record(text, terms).describe('the terms of the providers of these sources, by source'),
    })
    .describe('Instruments'),
)

export const instruments = defineRoute({
  path: '/api/v1/instruments',
  suffixes: formatNames,
  tag: 'Prices',
  name: 'instruments',
  summary:
    'Instruments that the sources list: currencies, exchanges, trading pairs and securities. Many share one ticker; coin_id and source are unique',
  query: instrumentsQuery.extend({ format: formatParameter }),
  headers: formatHeaders.pick({ accept: true }),
  responses: {
    200: {
      description: 'instruments; CSV, NDJSON and Parquet have the terms in a column `terms`',
      schema: instrumentPage,
      more: otherTypes,
    },
  },
  errors: ['BAD_REQUEST', 'UNAVAILABLE', 'TIMEOUT'],
  async answer({ platform }, { format: parameter, ...query }, asked) {
    const format = formatOf({ suffix: asked.suffix, parameter, accept: asked.header('accept') })
    const page = await platform.store.reads.dsl.listInstruments(query)
    const named = new Set(page.items.map(({ source }) => source))
    const terms = platform.config ? termsOf(platform.config.sources, named) : {}
    if (format === 'json') return json(`${pageJson(instrument, page).slice(0, -1)},"terms":${JSON.stringify(terms)}}`)
    // Tables and lines have no place beside the rows, so each row has its terms.
    const items = page.items.map((item) => withTerms(item, terms[item.source]))
    return listAnswer(asked, format, 'instruments', listedInstrument, { ...page, items })
  },
})

const withTerms = (item: Instrument, of: ProviderTerms | undefined) => (of ? { ...item, terms: termsText(of) } : item)
