import { z } from 'zod'
import { candlesQuery, type QueryOf, seriesWire } from '../../../lib/src/base/database/index.ts'
import {
  candle,
  QiError,
  type RecordType,
  type RecordValues,
  recordTypes,
  TIMEFRAMES,
} from '../../../lib/src/base/types/index.ts'
import { notModified, versioned } from '../etag.ts'
import { json } from '../headers.ts'
import { linkTo, stream, whole } from '../history/answer.ts'
import { encodeBody, encodeRecords, linesOf } from '../history/encode.ts'
import {
  type Format,
  formatHeaders,
  formatNames,
  formatOf,
  formatParameter,
  limitParameter,
  otherTypes,
} from '../history/format.ts'
import { named } from '../openapi/named.ts'
import { type Asked, defineRoute, type Served } from '../route.ts'
import { completeness, seriesSchema } from './schemas.ts'

const { ohlcv } = recordTypes
const candleType = candle as unknown as RecordType
/** Candles of a JSON answer without a limit. */
const PAGE = 500
const timeframe = z.enum(TIMEFRAMES)

const candlesSchema = named(
  'CandleList',
  z
    .object({
      series: seriesSchema.describe('the series of the candles: real before simulated, then the most recent'),
      timeframe,
      candles: z.array(
        named(
          'Candle',
          ohlcv.schema
            .extend({
              from_timeframe: timeframe.optional().describe('the length of the bars that it was built from'),
              ...completeness,
            })
            .describe('A candle, with how it was built'),
        ),
      ),
      other_series: z.array(seriesSchema).describe('other series of this coin: name a source or a currency to get one'),
    })
    .describe('Candles of one series, oldest first'),
)

export const candles = defineRoute({
  path: '/api/v1/candles',
  suffixes: formatNames,
  tag: 'Candles',
  name: 'candles',
  summary: "Candles of one coin: the provider's bars where stored, else built from finer bars; as JSON, NDJSON, CSV or Parquet",
  description:
    'JSON has the latest `limit` candles of the range, with a header `Link` to the candles before them. The other formats have the whole range, and with `limit=all` JSON too: streamed, whatever the length.',
  query: candlesQuery.extend({ limit: limitParameter, format: formatParameter }),
  headers: formatHeaders,
  responses: {
    200: { description: 'candles, oldest first', schema: candlesSchema, more: otherTypes },
    304: { description: 'the client has this version', empty: true },
  },
  errors: ['BAD_REQUEST', 'NOT_FOUND', 'CONFLICT', 'RATE_LIMITED', 'UNAVAILABLE', 'TIMEOUT'],
  async answer(served, query, asked) {
    const { format: parameter, limit, ...rest } = query
    const format = formatOf({ suffix: asked.suffix, parameter, accept: asked.header('accept') })
    if (limit === 'all' || (limit === undefined && format !== 'json')) return allCandles(served, asked, format, rest)
    const { dsl } = served.platform.store.reads
    const asPage = { ...rest, limit: limit ?? PAGE }
    if (format !== 'json') {
      const { candles } = await dsl.getOHLCV(asPage)
      const records = candles as readonly unknown[] as readonly RecordValues[]
      return whole(asked, { format, fileName: 'candles', body: () => encodeRecords(format, candleType, records) })
    }
    const { series, timeframe, candles, otherSeries } = await dsl.getOHLCVJson(asPage)
    const head = JSON.stringify({ series: seriesWire(series), timeframe })
    const others = JSON.stringify(otherSeries.map(seriesWire))
    return json(
      `${head.slice(0, -1)},"candles":${candles},"other_series":${others}}`,
      200,
      before(asked.request, candles, asPage),
    )
  },
})

async function allCandles(
  served: Served,
  asked: Asked<unknown>,
  format: Format,
  query: Omit<QueryOf<typeof candlesQuery>, 'limit'>,
): Promise<Response> {
  const { fill, ...range } = query
  if (fill) throw new QiError('CONFLICT', 'fill needs a limit: name one, or leave fill out', { field: 'fill' })
  const history = await served.platform.store.reads.dsl.openCandleHistory(range)
  const { version, closed } = range.to === undefined ? { version: '', closed: false } : await history.version()
  const headers = closed ? versioned(version, { format, ...range }) : {}
  const known = notModified(asked, headers)
  if (known) return known
  const { series, otherSeries } = history
  const head = { series: seriesWire(series), timeframe: range.timeframe }
  const wrap = {
    open: `${JSON.stringify(head).slice(0, -1)},"candles":[`,
    close: `],"other_series":${JSON.stringify(otherSeries.map(seriesWire))}}`,
  }
  return stream(served, asked, {
    format,
    fileName: 'candles',
    headers,
    body: (signal) => encodeBody(format, candleType, history.pieces(linesOf(format), signal), wrap),
  })
}

/** The header that links to the candles before a full page. */
function before(request: Request, candles: string, { limit }: { readonly limit: number }): Readonly<Record<string, string>> {
  const first = /"time":"([^"]+)"/.exec(candles)?.[1]
  let count = 0
  for (let at = candles.indexOf('"is_final"'); at >= 0 && count < limit; at = candles.indexOf('"is_final"', at + 1)) count++
  return first === undefined || count < limit ? {} : { link: linkTo(request, { to: first }, 'prev') }
}
