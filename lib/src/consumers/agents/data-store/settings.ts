import { z } from 'zod'
import { TIME_TABLES, type TimeTable } from '../../../base/database/index.ts'

const tables = Object.keys(TIME_TABLES) as [TimeTable, ...TimeTable[]]
const days = z.number().positive().max(36_500)

export const config = z.object({
  hours: z
    .number()
    .positive()
    .max(24 * 366)
    .default(24)
    .describe('length of the period to examine, back from now'),
  settle_seconds: z
    .number()
    .min(0)
    .max(600)
    .default(10)
    .describe('most time to wait for the consumers to catch up before the examination'),
  keep_days: z
    .partialRecord(z.enum(tables), days)
    .default({})
    .describe('retention of each table in days, such as trades: 30; tables without one are kept'),
  compress_after_days: days.optional().describe('age from which chunks should be compressed, on TimescaleDB'),
  most_gigabytes: z.number().positive().optional().describe('most space of the tables; above it shorter retention is proposed'),
  apply: z
    .enum(['never', 'always'])
    .default('never')
    .describe('always: the workflow main applies its proposals; the workflow housekeeping asks a human first'),
  cron: z.string().default('20 * * * *').describe('schedule, in UTC'),
})
export type DataStoreSettings = z.output<typeof config>
