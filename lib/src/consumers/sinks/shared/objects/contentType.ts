const TYPES: Readonly<Record<string, string>> = {
  ndjson: 'application/x-ndjson',
  json: 'application/json',
  csv: 'text/csv; charset=utf-8',
  parquet: 'application/vnd.apache.parquet',
  gz: 'application/gzip',
  zst: 'application/zstd',
}

/**
 * The content type of an extension such as `csv.gz`. A compressed file has the type of its compression: with a content encoding some
 * servers and clients would unpack it, and its name would be wrong.
 */
export const contentTypeOf = (extension: string): string =>
  TYPES[extension.slice(extension.lastIndexOf('.') + 1)] ?? 'application/octet-stream'
