import { z } from 'zod'
import { rowSettings } from '../../files/rows/settings.ts'

export const FORMATS = ['auto', 'ndjson', 'csv', 'interactions'] as const

/** Settings of an instance, under `sources.<name>` in qicore.yaml. */
export const config = z.strictObject({
  path: z.string().min(1).optional().describe('the file, or a folder whose files are replayed in name order; .gz is unpacked'),
  format: z
    .enum(FORMATS)
    .default('auto')
    .describe('auto goes by the name: .csv, or .ndjson and .jsonl with our records; interactions are recorded HTTP requests')
    .meta({ open: true }),
  ...rowSettings,
  speed: z
    .number()
    .min(0)
    .default(0)
    .describe('1 replays at recorded speed, 60 an hour in a minute, 0 as fast as possible')
    .meta({ open: true }),
  resume: z
    .string()
    .regex(/:\d+$/, 'expected file:line, such as prices.csv:1017')
    .optional()
    .describe('the line to resume from, such as prices.csv:1017'),
})

export type ReplayConfig = z.output<typeof config>
