import { z } from 'zod'
import { TIME_TABLES, type TimeTable } from '../../../base/index.ts'

const tables = Object.keys(TIME_TABLES) as [TimeTable, ...TimeTable[]]
const days = z.number().positive().max(36_500)

export const config = z.object({
  hours: z
    .number()
    .positive()
    .max(24 * 366)
    .default(24)
    .describe('how long a stretch is examined, back from now'),
  settle_seconds: z
    .number()
    .min(0)
    .max(600)
    .default(10)
    .describe('how long the consumers may take to catch up before it is examined'),
  keep_days: z
    .partialRecord(z.enum(tables), days)
    .default({})
    .describe('for how many days each table should be kept, such as trades: 30; what is not named is kept'),
  compress_after_days: days.optional().describe('how old chunks should be compressed, on TimescaleDB'),
  most_gigabytes: z
    .number()
    .positive()
    .optional()
    .describe('what the tables should take at most: beyond it shorter retention is proposed'),
  apply: z
    .enum(['never', 'always'])
    .default('never')
    .describe('whether main applies what it proposes; the workflow housekeeping asks a human first'),
  cron: z.string().default('20 * * * *').describe('when it examines the store, in UTC'),
})
export type DataStoreSettings = z.output<typeof config>
