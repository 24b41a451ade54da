import { labelOf } from '../input/members.ts'
import { requirePlain } from '../input/plain.ts'
import { parquetTable } from '../reading/parquetTable.ts'
import { cellParser } from '../rows/cells.ts'
import { FileIdentity } from '../rows/identity.ts'
import { cellRows } from './cellRows.ts'
import { requireType } from './csv.ts'
import type { FileFormat } from './format.ts'
import { withoutRunning } from './running.ts'

/** Parquet with columns of any names. */
export const parquet: FileFormat = {
  name: 'parquet',
  summary: 'Parquet of any source: --columns and --set map it to the fields of a record type',
  accepts: (name) => /\.parquet$/i.test(name),
  open: async (member, context) => {
    requirePlain(member)
    const type = requireType(member, context)
    const table = await parquetTable(member.file.path)
    const identity = new FileIdentity(member.name, 1)
    identity.see(`${table.rows} rows of ${table.columns.join(',')}`)
    const parse = cellParser(identity, labelOf(member), type, context.settings, table.columns)
    const rows = (from: number) => cellRows(labelOf(member), type, table.cells(from, context.signal), parse, from)
    return { type, rows: (from) => withoutRunning(rows(from), member, context.until) }
  },
}
