import { z } from 'zod'
import { isPlainUrl, plainUrlExpected } from '../../../base/networking/index.ts'
import { defineSource } from '../../../base/types/index.ts'
import { needsKey } from '../shared/needsKey.ts'
import { CALLS_PER_MINUTE, FredClient } from './FredClient.ts'
import { FredSource } from './FredSource.ts'

export { FredClient, type FredClientOptions } from './FredClient.ts'

const config = z.strictObject({
  api_key: z
    .string()
    .trim()
    .regex(/^[\x21-\x7e]{8,200}$/, 'holds a character that no key has, or is too short')
    .optional()
    .describe('the key of an account at FRED; there is no access without one')
    .meta({ env: 'FRED_API_KEY', secret: true }),
  base_url: z
    .string()
    .refine((url) => isPlainUrl('http', url), plainUrlExpected('http'))
    .default('https://api.stlouisfed.org')
    .describe('the API')
    .meta({ env: 'FRED_BASE_URL' }),
  series: z
    .array(z.string().regex(/^[A-Z0-9_]{1,100}$/, 'expected the id of a series, such as GDP'))
    .min(1)
    .max(500)
    .default(['GDP', 'CPIAUCSL', 'UNRATE', 'FEDFUNDS'])
    .describe('ids of the series to follow, such as GDP')
    .meta({ open: true }),
  intervals: z
    .strictObject({
      observations: z
        .int()
        .min(60)
        .max(31 * 86_400)
        .default(21_600)
        .describe('seconds between two looks at a series'),
    })
    .prefault({})
    .describe('how often FRED is asked')
    .meta({ open: true }),
})

export const fred = defineSource({
  name: 'fred',
  summary: 'Economic series from FRED, such as GDP, with every vintage and their whole history; with a key',
  terms: {
    attribution:
      'say "This product uses the FRED® API but is not endorsed or certified by the Federal Reserve Bank of St. Louis."',
    redistribution: 'some series belong to others: ask their owners',
    url: 'https://fred.stlouisfed.org/docs/api/terms_of_use.html',
  },
  config,
  async open({ api_key, base_url, series, intervals }, { name, logger, rateLimit }) {
    if (api_key === undefined) throw needsKey('FRED', name)
    const limits = { service: 'FRED', limit: CALLS_PER_MINUTE }
    const client = new FredClient({
      source: name,
      apiKey: api_key,
      baseUrl: base_url,
      rateLimit: rateLimit?.(api_key, limits),
      logger,
    })
    return new FredSource({ client, series, intervalMs: intervals.observations * 1000, logger })
  },
})
