import { type RecordName, type RecordType, recordTypes } from '../../types/index.ts'
import { classifyPgError } from '../errors.ts'
import type { Pool } from '../pool.ts'
import { rowsOf } from '../tables.ts'

const STORED = Object.values(recordTypes as Record<string, RecordType>)
  .flatMap(({ name, table }) =>
    table === undefined ? [] : [`select '${name}' as type where exists (select from ${rowsOf(table)})`],
  )
  .join(' union all ')

/** The record types that a store holds anything of, among those with a table of their own. @throws QiError */
export async function storedTypes(pool: Pool): Promise<readonly RecordName[]> {
  try {
    const { rows } = await pool.query<{ type: RecordName }>(STORED)
    return rows.map(({ type }) => type)
  } catch (error) {
    throw classifyPgError(error, 'what is stored')
  }
}
