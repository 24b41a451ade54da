import type { ClientBase } from 'pg'
import type { Logger } from '../../types/index.ts'

export interface EmbeddedOptions {
  /** The project's data folder (`.qicore`); the database lies in `postgres` inside. */
  readonly home: string
  readonly logger?: Logger
  /** Hears in one line each what takes long or was decided: for people. */
  readonly onNotice?: (notice: string) => void
  /** Hears where it listens from now on, when that changed. */
  readonly onMoved?: (url: string) => void
}

/** The PostgreSQL server of one home, shared by its processes. */
export interface EmbeddedPostgres extends AsyncDisposable {
  /** Where it listens now, with the password of the database's owner, who is no superuser; may change when another program took its port while it was down. */
  readonly url: string
  readonly dataFolder: string
  /** PostgreSQL's version, such as 18.4. */
  readonly version: string
  /** Starts it again (and recovers) if it is not running; idempotent, shared by concurrent callers. */
  ensureRunning(): Promise<void>
  /**
   * Runs work as superuser on the platform's database, over a connection of its own. For what the owner of the database may not do, such
   * as the limits of roles; everything else goes by {@link url}.
   * @throws QiError
   */
  asSuperuser<T>(work: (client: ClientBase) => Promise<T>): Promise<T>
  /** Bounds the memory of the server process of one session and lets others go first. @returns false where memory cannot be bounded */
  confine(pid: number): Promise<boolean>
  /** Leaves; the last process to leave stops the server. */
  close(): Promise<void>
}
