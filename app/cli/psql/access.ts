import { ControlConnection, type EmbeddedPostgres, SqlAccess, type SqlAddress } from '../../../lib/src/base/database/index.ts'
import { maskUrl } from '../../../lib/src/base/types/index.ts'
import type { LoadedConfig } from '../../../lib/src/streaming/platform/index.ts'
import { openStoreOf } from '../engines.ts'
import type { Session } from '../session.ts'

/** Access to the database of a project during one command. */
export interface OpenAccess extends AsyncDisposable {
  readonly address: SqlAddress
  /** The server, if it is the embedded one. */
  readonly embedded?: EmbeddedPostgres
}

/**
 * The address of the project's database in the read-only role, or with `admin` in the store's own role. An embedded server is started if it
 * does not run, and stopped at the end unless another process uses it. Meanwhile the limits of its readers are enforced.
 */
export async function openAccess(session: Session, loaded: LoadedConfig, admin = false): Promise<OpenAccess> {
  const { url, read_url } = loaded.config.database
  if (url) {
    const control = new ControlConnection(() => url)
    try {
      const access = new SqlAccess({ url: () => url, readUrl: read_url, control })
      const address = admin ? access.owner() : await session.unlessInterrupted(access.reader())
      await remarkOn(session, address, admin)
      return { address, [Symbol.asyncDispose]: () => control.close() }
    } catch (error) {
      await control.close()
      throw error
    }
  }
  const store = await openStoreOf(session, loaded)
  try {
    const address = admin ? store.access.owner() : await session.unlessInterrupted(store.access.reader())
    return { address, ...(store.embedded && { embedded: store.embedded }), [Symbol.asyncDispose]: () => store.close() }
  } catch (error) {
    await store.close()
    throw error
  }
}

/** Prints the role that is used on the server of DATABASE_URL. */
async function remarkOn(session: Session, { url, readOnly, reason, lacking }: SqlAddress, admin: boolean): Promise<void> {
  const place = maskUrl(url)
  if (readOnly) await session.remark(`${place}: a read-only role on the server of DATABASE_URL`)
  else if (admin) await session.remark(`${place}: the role of DATABASE_URL, with all its rights`)
  else
    await session.remark(
      `${place}: the role of DATABASE_URL with all its rights, because a read-only role cannot be created there (${reason}); as administrator: alter role USER createrole`,
    )
  for (const sql of lacking) await session.remark(`its temporary files have no limit; as administrator: ${sql}`)
}

/**
 * The address for programs that use libpq, such as psql. `no-verify` is known to node-postgres alone, and libpq (from 16 on) uses the system's
 * certificate authorities only if `sslrootcert` says so.
 */
export function forOthers(url: string): string {
  const address = new URL(url)
  const { searchParams: parameters } = address
  if (parameters.get('sslmode') === 'no-verify') parameters.set('sslmode', 'require')
  if (parameters.get('sslmode') === 'verify-full' && !parameters.has('sslrootcert')) parameters.set('sslrootcert', 'system')
  return address.href
}
