import { z } from 'zod'
import { MANUAL, type RecordName, recordTypes, TIME_NOTATIONS } from '../../../base/index.ts'

const RECORD_NAMES = Object.keys(recordTypes) as [RecordName, ...RecordName[]]
export const FORMATS = ['auto', 'ndjson', 'csv', 'interactions'] as const

/** Settings of an instance, under `sources.<name>` in qicore.yaml. */
export const config = z.strictObject({
  path: z
    .string()
    .min(1)
    .optional()
    .describe('the file, or the folder whose files are replayed in the order of their names; .gz is unpacked'),
  format: z
    .enum(FORMATS)
    .default('auto')
    .describe('auto goes by the name: .csv, or .ndjson and .jsonl with our records; interactions are recorded HTTP requests')
    .meta({ open: true }),
  record: z
    .enum(RECORD_NAMES)
    .optional()
    .describe(
      'what the files hold; default: the `type` or `topic` of each line, or the name of the file (price.csv, crypto-ohlcv.ndjson.gz)',
    )
    .meta({ open: true }),
  header: z
    .boolean()
    .default(true)
    .describe('of CSV: false where no line names the columns; columns then lists them')
    .meta({ open: true }),
  skip_lines: z
    .int()
    .min(0)
    .default(0)
    .describe('lines to leave out at the beginning of each file, before the header')
    .meta({ open: true }),
  columns: z
    .union([z.record(z.string(), z.string()), z.array(z.string()).min(1)])
    .default({})
    .describe(
      'of CSV: which column gives which field, such as {price_usd: price}; a column that bears the name of a field needs none. With header: false the list of all columns, such as [time, price, ignored]',
    )
    .meta({ open: true }),
  nulls: z
    .array(z.union([z.string(), z.null(), z.number(), z.boolean()]).transform(String))
    .default([])
    .describe('of CSV: words that mean an empty cell, such as [null, NaN, N/A]; in a field that a record needs they are refused')
    .meta({ open: true }),
  constants: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .refine(
      ({ source }) => source !== MANUAL,
      `source "${MANUAL}" is kept for records that people and agents hand in: name the source that the file is of`,
    )
    .default({})
    .describe(
      'fields that the file does not give, such as {source: binance, currency: USDT, timeframe: 1d}; trades without trade_id and quotes without sequence get them from file and line',
    )
    .meta({ open: true }),
  delimiter: z.string().length(1).default(',').describe('what separates the columns of CSV').meta({ open: true }),
  time_format: z
    .enum(TIME_NOTATIONS)
    .default('iso')
    .describe(
      'how files write times: iso (a missing zone is UTC, a missing time of day midnight), day-month-year, month/day/year, or counted since 1970; epoch tells the unit of each count by its size',
    )
    .meta({ open: true }),
  stamped: z
    .enum(['open', 'close'])
    .default('open')
    .describe("whether the file's time of a candle is its open or its close")
    .meta({ open: true }),
  received_at: z
    .enum(['recorded', 'now'])
    .default('recorded')
    .describe(
      'when the platform saw it: as recorded (now where the file does not say), or now. Of two records of one key the later seen wins',
    )
    .meta({ open: true }),
  speed: z
    .number()
    .min(0)
    .default(0)
    .describe('1 replays at the speed of recording, 60 an hour in a minute, 0 as fast as possible')
    .meta({ open: true }),
  resume: z
    .string()
    .regex(/:\d+$/, 'expected file:line, such as prices.csv:1017')
    .optional()
    .describe('the line to go on from, such as prices.csv:1017'),
})

export type ReplayConfig = z.output<typeof config>
