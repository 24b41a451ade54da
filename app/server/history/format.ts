import { z } from 'zod'
import { MOST_RECORDS } from '../../../lib/src/base/database/index.ts'
import { QiError } from '../../../lib/src/base/types/index.ts'

/** Formats of records by the suffix of an address, with their media types. */
export const FORMATS = {
  json: { type: 'application/json; charset=utf-8', accepted: ['application/json'] },
  ndjson: {
    type: 'application/x-ndjson; charset=utf-8',
    accepted: ['application/x-ndjson', 'application/jsonl', 'application/ndjson'],
  },
  csv: { type: 'text/csv; charset=utf-8; header=present', accepted: ['text/csv'] },
  parquet: { type: 'application/vnd.apache.parquet', accepted: ['application/vnd.apache.parquet'] },
} as const
export type Format = keyof typeof FORMATS
export const formatNames = Object.keys(FORMATS) as [Format, ...Format[]]

export const formatParameter = z
  .enum(formatNames)
  .optional()
  .describe('format of the answer, also set by the suffix of the address (.csv) or the header Accept; default json')

/** Records of a JSON page without a limit. */
export const PAGE = 1_000

export const limitParameter = z
  .union([z.literal('all'), z.coerce.number().int().min(1).max(MOST_RECORDS)])
  .optional()
  .describe(`most records of a page, up to ${MOST_RECORDS}, or all; default: a page for json, all for the other formats`)

/** Headers of a request that the answer depends on. */
export const formatHeaders = z.object({
  accept: z.string().optional().describe('the media type of the answer'),
  'if-none-match': z.string().optional().describe('the ETag that the client has'),
})

/** Media types besides JSON. */
export const otherTypes: readonly string[] = formatNames.slice(1).map((name) => FORMATS[name].accepted[0])

interface Named {
  readonly suffix: string | undefined
  readonly parameter: Format | undefined
  readonly accept: string | undefined
}

/**
 * The format by the suffix, else by the parameter, else by Accept; JSON if none of the accepted types is known.
 * @throws QiError BAD_REQUEST if suffix and parameter contradict each other
 */
export function formatOf({ suffix, parameter, accept }: Named): Format {
  if (suffix !== undefined && parameter !== undefined && suffix !== parameter)
    throw new QiError(
      'BAD_REQUEST',
      `format ${parameter} contradicts the suffix .${suffix} of the address: leave one of them out`,
      {
        field: 'format',
      },
    )
  const named = (suffix as Format | undefined) ?? parameter
  if (named) return named
  return accept === undefined ? 'json' : accepted(accept)
}

function accepted(header: string): Format {
  const ranges = header
    .slice(0, 1_000)
    .split(',')
    .map((range, at) => {
      const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
      const weight = parameters.find((parameter) => parameter.startsWith('q='))
      return { type, at, weight: weight === undefined ? 1 : Number(weight.slice(2)) }
    })
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight || a.at - b.at)
  for (const { type } of ranges) {
    const found = formatNames.find((name) => (FORMATS[name].accepted as readonly string[]).includes(type))
    if (found) return found
    if (type === '*/*' || type === 'application/*') return 'json'
    if (type === 'text/*') return 'csv'
  }
  return 'json'
}
