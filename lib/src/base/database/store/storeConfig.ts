import { setTimeout as sleep } from 'node:timers/promises'
import { type Calendar, type Logger, toQiError } from '../../types/index.ts'
import type { Migrations } from '../bookkeeping/migrate.ts'
import type { Capabilities, LayoutSetting } from '../connections/capabilities.ts'

export interface StoreConfig {
  /** A PostgreSQL (14 or newer) or TimescaleDB; unset starts the embedded server. */
  readonly databaseUrl?: string | undefined
  /** Address for reads of users, such as a replica; default: `databaseUrl`. */
  readonly readUrl?: string | undefined
  /** The project's data folder (`.qicore`). */
  readonly home: string
  /** Port of the embedded server on loopback, or the next free one; 0: any. Default: the last one used in this home, else any. */
  readonly embeddedPort?: number | undefined
  /** Layout for a database that is not set up yet (`store.layout`); default `auto`. */
  readonly layout?: LayoutSetting
  /** `refuse` fails with StoreNotMigrated instead of making or changing tables; default `apply`. */
  readonly migrations?: 'apply' | 'refuse'
  /** Further components whose missing migrations StoreNotMigrated lists. */
  readonly components?: readonly Migrations[]
  readonly logger?: Logger
  /** Called with one human-readable line when something is slow or was decided (e.g. where the database lives). */
  readonly onNotice?: (notice: string) => void
  /** Connections for reads of users, and as many for the platform's own statements; default 10. */
  readonly readers?: number
  /** Connections for bulk writes; default 4. */
  readonly writers?: number
  readonly applicationName?: string
  /** `waived` runs SQL of users even if the server cannot limit the temporary files of their role. Default `required`. */
  readonly readerLimits?: 'required' | 'waived'
  /** The calendars that sources may name; default: all. */
  readonly calendars?: readonly Calendar[]
  /** How long to try to reach the database before giving up, in milliseconds; default 30,000. */
  readonly openTimeoutMs?: number
  readonly signal?: AbortSignal
}

/**
 * Over hundreds of chunks planning takes ten times as long as reading. The queries are few and prepared; a generic plan excludes chunks when
 * it runs.
 */
const PLAN_ONCE = 'set plan_cache_mode = force_generic_plan'

/** Setup statements for connections that read. */
export const planSettings = ({ hypertables }: Capabilities): readonly string[] => (hypertables ? [PLAN_ONCE] : [])

/** Runs `open`, retrying retryable errors until `openTimeoutMs` has passed. @throws QiError the last error */
export async function openWithRetries<T>(
  { openTimeoutMs = 30_000, signal, onNotice }: StoreConfig,
  open: () => Promise<T>,
): Promise<T> {
  const until = Date.now() + openTimeoutMs
  for (let pause = 100, told = false; ; pause = Math.min(pause * 2, 3000)) {
    try {
      return await open()
    } catch (error) {
      const failure = toQiError(error)
      if (!failure.retryable || Date.now() + pause > until) throw failure
      if (!told && pause > 400) {
        told = true
        onNotice?.(`waiting for the database: ${failure.message}`)
      }
    }
    await sleep(pause, undefined, signal ? { signal } : {}).catch((error: unknown) => {
      throw toQiError(error)
    })
  }
}

/** Host, port and database of a URL, without user and password. */
export const displayAddress = (url: string): string => {
  const { host, pathname } = new URL(url)
  return `${host}${pathname}`
}
