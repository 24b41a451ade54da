import type { RecordName } from '../../types/index.ts'
import { classifyPgError } from '../errors.ts'
import type { Pool } from '../pool.ts'

/** The record types that a store holds anything of, among those with a table of their own. @throws QiError */
export async function storedTypes(pool: Pool): Promise<readonly RecordName[]> {
  try {
    const { rows } = await pool.query<{ type: RecordName }>('select distinct type from series where first is not null')
    return rows.map(({ type }) => type)
  } catch (error) {
    throw classifyPgError(error, 'what is stored')
  }
}
