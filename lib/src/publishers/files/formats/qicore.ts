import { errorMessage, QiError } from '../../../base/types/index.ts'
import { labelOf, type Member } from '../input/members.ts'
import { requirePlain } from '../input/plain.ts'
import { splitCsv } from '../reading/csv.ts'
import { linesOfParquet } from '../reading/exported.ts'
import { parquetColumns } from '../reading/parquetTable.ts'
import { csvParser } from '../rows/csvRecords.ts'
import { FileIdentity } from '../rows/identity.ts'
import { ndjsonParser } from '../rows/ndjson.ts'
import { typeOfColumns } from '../rows/typeOfFile.ts'
import type { FileFormat, FormatContext, Reader } from './format.ts'
import { firstLines, lineRows } from './lineReader.ts'

/** Exports of the platform. Every field is kept, also source, origin and `received_at`. */
export const qicore: FileFormat = {
  name: 'qicore',
  summary: 'exports of the platform (qicore export, the destination file) as CSV, NDJSON or Parquet, with every field as it was',
  accepts: (name) => /\.(?:csv|ndjson|parquet)$/i.test(name),
  open: async (member, context) => {
    if (/\.parquet$/i.test(member.name)) return parquet(member, context)
    const label = labelOf(member)
    const { signal } = context
    const settings = { ...context.settings, origin: 'recorded' as const }
    const [first] = await firstLines(member, 1, signal)
    if (first === undefined) return { type: undefined, rows: async function* () {} }
    const identity = new FileIdentity(member.name, 2)
    const isCsv = /\.csv$/i.test(member.name)
    const type = typeOfColumns(label, isCsv ? (splitCsv(first, ',') ?? []) : keysOf(label, first))
    const parser = isCsv ? csvParser(identity, label, type, settings) : ndjsonParser(identity, label, type, settings)
    return { type, rows: (from) => lineRows(member, from, { parser, identity, signal }) }
  },
}

/** @throws QiError BAD_DATA */
function keysOf(label: string, line: string): readonly string[] {
  try {
    return Object.keys(JSON.parse(line) as object)
  } catch (error) {
    throw new QiError('BAD_DATA', `${label}:1: not JSON: ${(error as Error).message}`, { cause: error })
  }
}

async function parquet(member: Member, { signal }: FormatContext): Promise<Reader> {
  requirePlain(member)
  const { path } = member.file
  const columns = await parquetColumns(path).catch((error: unknown) => {
    throw new QiError('BAD_DATA', `${labelOf(member)} is not a complete Parquet file: ${errorMessage(error)}`, { cause: error })
  })
  const type = typeOfColumns(
    labelOf(member),
    columns.filter((name) => !name.endsWith('_exact')),
  )
  return { type, rows: (from) => linesOfParquet(type, path, from, signal) }
}
