import { z } from 'zod'
import { storeStatistics, storeWire } from '../../../lib/src/base/database/index.ts'
import { json } from '../headers.ts'
import { named } from '../openapi/named.ts'
import { defineRoute } from '../route.ts'
import { count } from './schemas.ts'

const days = (description: string) => z.number().positive().optional().describe(description)

const table = named(
  'StoreTable',
  z
    .object({
      table: z.string().describe('name of the table in SQL'),
      rows: count('number of rows'),
      estimated: z.boolean().describe('true if the number of rows is an estimate of the database'),
      bytes: count('size of the table with its indexes and TOAST'),
      chunks: count('chunks of a hypertable').optional(),
      compressed_chunks: count('chunks that are compressed').optional(),
      compression_ratio: z.number().positive().optional().describe('bytes before to bytes after, of the compressed chunks'),
      retention_days: days('age at which rows are deleted; absent: never'),
      compress_after_days: days('age at which chunks are compressed; absent: never'),
    })
    .describe('One table'),
)

const storeSchema = named(
  'StoreStatus',
  z
    .object({
      layout: z.enum(['hypertables', 'plain']).describe('layout of the large tables'),
      layout_reason: z.string().describe('reason of the layout: a clause to put after "because"'),
      timescale: z.string().optional().describe('version of TimescaleDB; absent on plain PostgreSQL'),
      database_bytes: count('size of the whole database'),
      tables: z.array(table),
      rollups: named(
        'StoreRollups',
        z
          .object({
            keeper: z
              .enum(['aggregates', 'tables'])
              .optional()
              .describe('continuous aggregates, or a plain table; absent if rollups are off'),
            pending: count('written spans of series that are not rolled up yet'),
            lag_ms: count('waiting time of the oldest of them, in milliseconds'),
          })
          .describe('Lag of the rollups'),
      ),
    })
    .describe('The tables of the store: sizes, policies, rollups'),
)

export const store = defineRoute({
  path: '/api/v1/store',
  tag: 'Platform',
  name: 'store',
  summary: 'The store: size, chunks, compression and retention of each table, lag of the rollups',
  responses: { 200: { description: 'the store now', schema: storeSchema } },
  errors: ['BAD_REQUEST', 'UNAVAILABLE', 'TIMEOUT'],
  answer: async ({ platform }) => json(JSON.stringify(storeWire(await storeStatistics(platform.store)))),
})
