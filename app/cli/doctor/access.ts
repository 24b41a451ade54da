import pg from 'pg'
import { readerAddress, type Store } from '../../../lib/src/base/database/index.ts'
import { toQiError } from '../../../lib/src/base/types/index.ts'
import { type Finding, failed, ok } from './finding.ts'

const NAME = 'psql'

/** Reads from the embedded server in the readers' role, as other programs do. On another server no role is created for a check. */
export async function checkAccess({ access, embedded }: Store): Promise<Finding[]> {
  if (!embedded)
    return [ok(NAME, 'qicore psql and qicore db url use DATABASE_URL, in a read-only role if one can be created there')]
  try {
    const { url } = await access.reader()
    const client = new pg.Client({ connectionString: url, application_name: 'qicore-doctor', connectionTimeoutMillis: 5_000 })
    client.on('error', () => {}) // the query fails
    try {
      await client.connect()
      await client.query('select from series limit 1')
    } finally {
      await client.end().catch(() => {})
    }
    return [ok(NAME, `reads at ${readerAddress(new URL(url).port)}; qicore db url prints it with its password`)]
  } catch (error) {
    return [failed(NAME, toQiError(error).message, 'see docs/security.md; qicore psql --admin works without that role')]
  }
}
