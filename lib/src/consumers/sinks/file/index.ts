import { isAbsolute, join } from 'node:path'
import { z } from 'zod'
import {
  COMPRESSIONS,
  type Compression,
  csv,
  defineSink,
  json,
  ndjson,
  parquet,
  parseDuration,
  parseSize,
  QiError,
  quantityText,
  SegmentCollector,
  type SegmentFormat,
  type SegmentSink,
  toQiError,
} from '../../../base/index.ts'
import { FolderArchive } from './FolderArchive.ts'
import { scratchOf, sweep } from './scratch.ts'

const FORMATS = { ndjson, json, csv, parquet } as const satisfies Readonly<
  Record<string, (compression: Compression) => SegmentFormat>
>
const NAMES = Object.keys(FORMATS) as [keyof typeof FORMATS, ...(keyof typeof FORMATS)[]]

/** Records in files: a folder for each type, source and day, each record exactly once. */
export const file = defineSink({
  name: 'file',
  summary: 'Files of JSON lines, JSON, CSV or Parquet, in folders by type, source and day; each record exactly once',
  config: z.object({
    path: z.string().min(1).describe('the folder; a relative one lies in the data folder'),
    format: z
      .enum(NAMES)
      .default('ndjson')
      .describe(
        'ndjson: one record a line, as it was streamed; json: one array a file; csv: RFC 4180 with a header; parquet: columns with DECIMAL(38,20), and a column of text for the figures that do not fit',
      ),
    compression: z.enum(COMPRESSIONS).default('none').describe('of the files; those of Parquet are compressed in themselves'),
    roll: z
      .object({
        rows: z.int().min(1).max(100_000_000).default(1_000_000).describe('files end after so many records'),
        bytes: quantityText(parseSize).default('128MiB').describe('and after so much before compression'),
        age: quantityText(parseDuration).default('15m').describe('and when their first record has waited for so long'),
      })
      .prefault({}),
  }),
  open: async ({ path, format: name, compression, roll }, { name: destination, pipeline, home }): Promise<SegmentSink> => {
    const root = isAbsolute(path) ? path : join(home, path)
    if (name === 'parquet' && compression !== 'none')
      throw new QiError(
        'CONFIG_INVALID',
        `destinations.${destination}.compression: Parquet is compressed in itself: leave it out`,
      )
    const format = FORMATS[name](compression)
    await sweep(root)
    const archive = new FolderArchive({ root, extension: format.extension, destination, pipeline })
    await archive.own()
    return {
      name: destination,
      delivery: 'exactly_once',
      accepts: () => true,
      openLane: async () =>
        new SegmentCollector({
          archive,
          format,
          roll: { rows: roll.rows, bytes: parseSize(roll.bytes), ageMs: parseDuration(roll.age) },
          scratch: scratchOf(root),
        }),
      check: async () => {
        try {
          await archive.prove()
          return { ok: true, summary: `${root} can be written` }
        } catch (error) {
          return { ok: false, summary: toQiError(error).message, remedy: `let the user of the platform write ${root}` }
        }
      },
      close: async () => {},
      [Symbol.asyncDispose]: async () => {},
    }
  },
})
