import { z } from 'zod'
import { MANUAL, type RecordName, recordTypes, TIME_NOTATIONS, wordIssue } from '../../../base/types/index.ts'

const RECORD_NAMES = Object.keys(recordTypes) as [RecordName, ...RecordName[]]

/** Settings of the readers of rows: how the lines of a file become records. */
export const rowSettings = {
  record: z
    .enum(RECORD_NAMES)
    .optional()
    .describe(
      'the record type of the files; default: by the `type` or `topic` of each line, or by the file name (price.csv, crypto-ohlcv.ndjson.gz)',
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
    .describe('lines to skip at the beginning of each file, before the header')
    .meta({ open: true }),
  columns: z
    .union([z.record(z.string(), z.string()), z.array(z.string()).min(1)])
    .default({})
    .describe(
      'of CSV: which column holds which field, such as {price_usd: price}; a column with the name of a field needs no entry. With header: false the list of all columns, such as [time, price, ignored]',
    )
    .meta({ open: true }),
  nulls: z
    .array(z.union([z.string(), z.null(), z.number(), z.boolean()]).transform(String))
    .default([])
    .describe('of CSV: words for an empty cell, such as [null, NaN, N/A]; refused in a required field')
    .meta({ open: true }),
  constants: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .refine(
      ({ source }) => source !== MANUAL,
      `source "${MANUAL}" is reserved for records that people and agents hand in: name the source of the file`,
    )
    .default({})
    .describe(
      'fields that the file lacks, such as {source: binance, currency: USDT, timeframe: 1d}; trades without trade_id and quotes without sequence get them from file and line',
    )
    .meta({ open: true }),
  delimiter: z.string().length(1).default(',').describe('what separates the columns of CSV').meta({ open: true }),
  time_format: z
    .enum(TIME_NOTATIONS)
    .default('iso')
    .describe(
      'how the files write times: iso (without a zone UTC, without a time of day midnight), day-month-year, month/day/year, or counted since 1970; epoch detects the unit of each count by its size',
    )
    .meta({ open: true }),
  stamped: z
    .enum(['open', 'close'])
    .default('open')
    .describe("the file's time of a candle: its open or its close")
    .meta({ open: true }),
  received_at: z
    .enum(['recorded', 'now'])
    .default('recorded')
    .describe(
      'received_at of the records: as recorded (now if the file has none), or now. Of two records of one key the later received wins',
    )
    .meta({ open: true }),
}

const schema = z.strictObject(rowSettings)
export type RowSettings = z.output<typeof schema> & {
  /** The origin of the records; `recorded` keeps that of the file. */
  readonly origin: 'replay' | 'backfill' | 'recorded'
}

/** The settings with the default of each that is not given, or the first that is wrong. */
export function readRowSettings(
  given: Readonly<Record<string, unknown>>,
): { readonly settings: z.output<typeof schema> } | { readonly field: string; readonly problem: string } {
  const result = schema.safeParse(given)
  if (result.success) return { settings: result.data }
  const [issue] = result.error.issues
  return { field: String(issue?.path[0] ?? ''), problem: issue ? wordIssue(issue) : '' }
}
