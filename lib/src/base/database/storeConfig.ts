import { setTimeout as sleep } from 'node:timers/promises'
import { type Calendar, type Logger, toQiError } from '../types/index.ts'
import type { Capabilities, LayoutSetting } from './capabilities.ts'
import type { Migrations } from './migrate.ts'

export interface StoreConfig {
  /** A PostgreSQL (14 or newer) or TimescaleDB; unset starts the embedded server. */
  readonly databaseUrl?: string | undefined
  /** Where users' reads go, such as a replica of that server; unset: to `databaseUrl`. */
  readonly readUrl?: string | undefined
  /** The project's data folder (`.qicore`). */
  readonly home: string
  /** How the tables of a database that is not set up yet are laid out: `store.layout`; default `auto`. */
  readonly layout?: LayoutSetting
  /** `refuse` fails with StoreNotMigrated instead of making or changing tables; default `apply`. */
  readonly migrations?: 'apply' | 'refuse'
  /** Further components whose missing migrations that error names. */
  readonly components?: readonly Migrations[]
  readonly logger?: Logger
  /** Hears in one line each what takes long or was decided: for people. */
  readonly onNotice?: (notice: string) => void
  /** Connections for reads of users, and as many for what the platform asks itself; default 10. */
  readonly readers?: number
  /** Connections for bulk writes; default 4. */
  readonly writers?: number
  readonly applicationName?: string
  /** `waived` runs SQL from outside also where the server limits no temporary files of its role. Default `required`. */
  readonly readerLimits?: 'required' | 'waived'
  /** The calendars that sources may name; default: all that there are. */
  readonly calendars?: readonly Calendar[]
  /** How long to try to reach the database before giving up, in milliseconds; default 30,000. */
  readonly openTimeoutMs?: number
  readonly signal?: AbortSignal
}

/**
 * Over hundreds of chunks planning takes ten times as long as reading. The queries are few and prepared, and find the chunks that
 * they need when they run.
 */
const PLAN_ONCE = 'set plan_cache_mode = force_generic_plan'

/** Statements for connections that read. */
export const planning = ({ hypertables }: Capabilities): readonly string[] => (hypertables ? [PLAN_ONCE] : [])

/** Tries again while the server may still be on its way up. */
export async function reached<T>({ openTimeoutMs = 30_000, signal, onNotice }: StoreConfig, open: () => Promise<T>): Promise<T> {
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

/** Host, port and database: the password is a secret. */
export const placeOf = (url: string): string => {
  const { host, pathname } = new URL(url)
  return `${host}${pathname}`
}
