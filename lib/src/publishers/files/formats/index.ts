import { binanceVision } from './binanceVision.ts'
import { csv, ndjson } from './csv.ts'
import type { FileFormat } from './format.ts'
import { kraken } from './kraken.ts'
import { parquet } from './parquet.ts'
import { qicore } from './qicore.ts'
import { tardis } from './tardis.ts'

/** The forms of files that an import reads, by name. */
export const fileFormats = {
  'binance-vision': binanceVision,
  kraken,
  tardis,
  csv,
  ndjson,
  parquet,
  qicore,
} as const satisfies Readonly<Record<string, FileFormat>>

export type FormatName = keyof typeof fileFormats
export const FORMAT_NAMES = Object.keys(fileFormats) as [FormatName, ...FormatName[]]
