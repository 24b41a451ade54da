import { QiError, recordTypes } from '../../../base/types/index.ts'
import { labelOf, type Member } from '../input/members.ts'
import { csvParser } from '../rows/csvRecords.ts'
import { FileIdentity } from '../rows/identity.ts'
import { ndjsonParser } from '../rows/ndjson.ts'
import { typeOfFile } from '../rows/typeOfFile.ts'
import type { FileFormat, FormatContext } from './format.ts'
import { lineRows } from './lineReader.ts'
import { withoutRunning } from './running.ts'

/** CSV with columns of any names, as {@link csvParser} reads it. */
export const csv: FileFormat = {
  name: 'csv',
  summary: 'CSV of any source: --columns and --set map it to the fields of a record type',
  accepts: (name) => /\.(?:csv|tsv|txt)$/i.test(name),
  open: async (member, context) => {
    const { settings, signal } = context
    const type = requireType(member, context)
    const identity = new FileIdentity(member.name, settings.header ? 2 : 1)
    const parser = csvParser(identity, labelOf(member), type, settings)
    const rows = (from: number) => lineRows(member, from, { parser, identity, skip: settings.skip_lines, signal })
    return { type, rows: (from) => withoutRunning(rows(from), member, context.until) }
  },
}

/** Records as JSON, one a line, in the names of the record types. */
export const ndjson: FileFormat = {
  name: 'ndjson',
  summary: 'one JSON object a line, in the names of the record types',
  accepts: (name) => /\.(?:ndjson|jsonl)$/i.test(name),
  open: async (member, context) => {
    const { settings, signal } = context
    const type = typeOfFile(member.name, settings)
    const identity = new FileIdentity(member.name, 1)
    const parser = ndjsonParser(identity, labelOf(member), type, settings)
    const rows = (from: number) => lineRows(member, from, { parser, identity, skip: settings.skip_lines, signal })
    return { type, rows: (from) => withoutRunning(rows(from), member, context.until) }
  },
}

/** @throws QiError BAD_REQUEST if neither the settings nor the name tell the record type */
export function requireType(member: Member, { settings }: FormatContext) {
  const type = typeOfFile(member.name, settings)
  if (type) return type
  throw new QiError(
    'BAD_REQUEST',
    `${labelOf(member)}: the record type cannot be told from its name: name it with --record (${Object.keys(recordTypes).join(', ')})`,
    { field: 'record' },
  )
}
