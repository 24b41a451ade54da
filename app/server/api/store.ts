import { z } from 'zod'
import { storeStatistics, storeWire } from '../../../lib/src/base/index.ts'
import { json } from '../headers.ts'
import { defineRoute } from '../route.ts'
import { count } from './schemas.ts'

const days = (description: string) => z.number().positive().optional().describe(description)

const table = z
  .object({
    table: z.string().describe('its name in SQL'),
    rows: count('rows'),
    estimated: z.boolean().describe('whether the rows are an estimate of the database'),
    bytes: count('of rows, indexes and what is stored aside'),
    chunks: count('of a hypertable').optional(),
    compressed_chunks: count('how many of them are compressed').optional(),
    compression_ratio: z.number().positive().optional().describe('bytes before to bytes after, of the compressed chunks'),
    retention_days: days('how long it is kept; absent: for ever'),
    compress_after_days: days('when its chunks are compressed; absent: never'),
  })
  .describe('One table')

const storeSchema = z
  .object({
    layout: z.enum(['hypertables', 'plain']).describe('how the large tables are laid out'),
    layout_reason: z.string().describe('why they are laid out so; a clause that goes behind "because"'),
    timescale: z.string().optional().describe('version of TimescaleDB; absent on plain PostgreSQL'),
    database_bytes: count('of the whole database'),
    tables: z.array(table),
    rollups: z
      .object({
        keeper: z
          .enum(['aggregates', 'tables'])
          .optional()
          .describe('continuous aggregates, or a table of ours; absent where nothing is rolled up'),
        pending: count('stretches of a series that wait to be rolled up'),
        lag_ms: count('for how long the oldest of them has waited, in milliseconds'),
      })
      .describe('How fresh the rollups are'),
  })
  .describe('The store over time: sizes, policies, rollups')

export const store = defineRoute({
  path: '/api/v1/store',
  name: 'store',
  summary: 'The store: size, chunks, compression and retention of each table, lag of the rollups',
  responses: { 200: { description: 'the store now', schema: storeSchema } },
  errors: ['BAD_REQUEST', 'UNAVAILABLE', 'TIMEOUT'],
  answer: async ({ platform }) => json(JSON.stringify(storeWire(await storeStatistics(platform.store)))),
})
