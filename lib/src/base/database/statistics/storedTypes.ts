import type { RecordName } from '../../types/index.ts'
import { classifyPgError } from '../connections/errors.ts'
import type { Pool } from '../connections/pool.ts'

/** The record types with stored records; instruments are left out. @throws QiError */
export async function storedTypes(pool: Pool): Promise<readonly RecordName[]> {
  try {
    const { rows } = await pool.query<{ type: RecordName }>('select distinct type from series where first is not null')
    return rows.map(({ type }) => type)
  } catch (error) {
    throw classifyPgError(error, 'reading which record types are stored')
  }
}
