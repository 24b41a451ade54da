import type { Store } from '../../../lib/src/base/database/index.ts'
import { toQiError } from '../../../lib/src/base/types/index.ts'
import { type Finding, failed, ok, unused } from './finding.ts'

const NAME = 'SQL of tools'
const LIMITS = { limit: 1, offset: 0, room: 100, width: 100, timeoutMs: 5_000 }

/** Runs a query in the readers' role; the remedy is the SQL that an administrator of the database has to run. */
export async function checkSql({ sql, engine }: Store): Promise<Finding[]> {
  try {
    await sql.read('select 1', LIMITS, 'qicore doctor')
    const lacking = await sql.lacking()
    if (lacking.length === 0)
      return [ok(NAME, `runs in a role that can only read, within limits${engine === 'embedded' ? '' : ' of the role'}`)]
    return [
      ok(
        NAME,
        `runs without a limit on temporary files (database.reader_limits: waived); to limit them, as administrator: ${lacking.join('; ')}`,
      ),
    ]
  } catch (thrown) {
    const error = toQiError(thrown)
    if (error.code !== 'UNSUPPORTED') return [failed(NAME, error.message)]
    const lacking = await sql.lacking().catch(() => [])
    return [
      unused(
        NAME,
        lacking.length > 0
          ? 'off: this server sets no limit on its temporary files'
          : 'off: the user of DATABASE_URL may not create roles',
        lacking.length > 0
          ? `as administrator of the database: ${lacking.join('; ')}; or set database.reader_limits to waived`
          : 'as administrator of the database: alter role USER createrole',
      ),
    ]
  }
}
