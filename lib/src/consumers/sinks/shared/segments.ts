import { z } from 'zod'
import {
  COMPRESSIONS,
  type Compression,
  csv,
  json,
  ndjson,
  parquet,
  type RollPolicy,
  type SegmentArchive,
  SegmentCollector,
  type SegmentFormat,
} from '../../../base/segments/index.ts'
import { parseDuration, parseSize, QiError, quantityText, type SegmentWriter } from '../../../base/types/index.ts'
import { scratchIn } from './scratch.ts'

const FORMATS = { ndjson, json, csv, parquet } as const satisfies Readonly<
  Record<string, (compression: Compression) => SegmentFormat>
>
const NAMES = Object.keys(FORMATS) as [keyof typeof FORMATS, ...(keyof typeof FORMATS)[]]

/** Settings of every destination with segments. */
export const segmentFields = {
  format: z
    .enum(NAMES)
    .default('ndjson')
    .describe(
      'ndjson: one record a line, as it was streamed; json: one array a file; csv: RFC 4180 with a header; parquet: columns with DECIMAL(38,20), and a text column for values that do not fit',
    ),
  compression: z
    .enum(COMPRESSIONS)
    .default('none')
    .describe('compression of the files; none for Parquet, which compresses itself'),
  roll: z
    .object({
      rows: z.int().min(1).max(100_000_000).default(1_000_000).describe('most records in a file'),
      bytes: quantityText(parseSize).default('128MiB').describe('most bytes in a file, before compression'),
      age: quantityText(parseDuration).default('15m').describe('most time from the first record of a file to its end'),
    })
    .prefault({}),
}

export type SegmentSettings = z.output<z.ZodObject<typeof segmentFields>>

/** The format of a destination's files. @throws QiError CONFIG_INVALID */
export function formatOf({ format, compression }: SegmentSettings, destination: string): SegmentFormat {
  if (format === 'parquet' && compression !== 'none') {
    const field = `destinations.${destination}.compression`
    throw new QiError('CONFIG_INVALID', `${field}: Parquet compresses its columns itself: leave it out`, { field })
  }
  return FORMATS[format](compression)
}

const EXTENSIONS: ReadonlyMap<string, SegmentFormat> = new Map(
  NAMES.flatMap((name) => COMPRESSIONS.map((compression) => FORMATS[name](compression))).map((format) => [
    format.extension,
    format,
  ]),
)

/** The format of an extension; undefined for others. */
export const formatOfExtension = (extension: string): SegmentFormat | undefined => EXTENSIONS.get(extension)

export interface CollectingOptions {
  readonly settings: SegmentSettings
  readonly format: SegmentFormat
  readonly archive: SegmentArchive
  /** The folder in which each lane has a folder of its own. */
  readonly scratch: string
}

/** The segment writer of one lane. */
export const collectorOf = ({ settings: { roll }, format, archive, scratch }: CollectingOptions): SegmentWriter =>
  new SegmentCollector({ archive, format, roll: rollOf(roll), scratch: scratchIn(scratch) })

const rollOf = ({ rows, bytes, age }: SegmentSettings['roll']): RollPolicy => ({
  rows,
  bytes: parseSize(bytes),
  ageMs: parseDuration(age),
})
