import { QiError } from '../../types/index.ts'
import type { Compression } from '../formats/format.ts'

export const EXPORT_FORMATS = ['csv', 'ndjson', 'parquet'] as const
export type ExportFormat = (typeof EXPORT_FORMATS)[number]

/** Format and compression of a file. */
export interface ExportForm {
  readonly format: ExportFormat
  /** Compression of text; Parquet compresses its columns itself. */
  readonly compression: Compression
}

const SUFFIXES: Readonly<Record<string, ExportFormat>> = { csv: 'csv', ndjson: 'ndjson', jsonl: 'ndjson', parquet: 'parquet' }
const COMPRESSED: Readonly<Record<string, Compression>> = { gz: 'gzip', zst: 'zstd' }

/**
 * The form of a file by its name: `btc.parquet`, `btc.csv.gz`.
 * @param named the format, where it is given besides
 * @throws QiError BAD_REQUEST where neither gives it, or both contradict each other
 */
export function exportForm(path: string, named?: ExportFormat): ExportForm {
  const parts = path.toLowerCase().split('/').at(-1)?.split('.').slice(1) ?? []
  const compression = COMPRESSED[parts.at(-1) ?? '']
  const bySuffix = SUFFIXES[(compression === undefined ? parts.at(-1) : parts.at(-2)) ?? '']
  if (named !== undefined && bySuffix !== undefined && named !== bySuffix)
    throw refused(`${path} has the suffix of ${bySuffix}, but the format is ${named}: leave one of them out`)
  const format = named ?? bySuffix
  if (format === undefined)
    throw refused(
      `${path}: its suffix has no known format; use .csv, .ndjson or .parquet, or name one of ${EXPORT_FORMATS.join(', ')}`,
    )
  if (format === 'parquet' && compression !== undefined)
    throw refused(`${path}: Parquet compresses its columns itself; leave ${parts.at(-1)} out`)
  return { format, compression: compression ?? 'none' }
}

const refused = (message: string): QiError => new QiError('BAD_REQUEST', message, { field: 'format' })

/** The suffix of files of a form. */
export const suffixOf = ({ format, compression }: ExportForm): string =>
  `${format}${compression === 'none' ? '' : compression === 'gzip' ? '.gz' : '.zst'}`
