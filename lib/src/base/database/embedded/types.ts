import type { ClientBase } from 'pg'
import type { Logger } from '../../types/index.ts'

export interface EmbeddedOptions {
  /** The project's data folder (`.qicore`); the database lies in `postgres` inside. */
  readonly home: string
  /** The port on loopback, or the next free one; 0: any. Default: the port that the home remembers, else any. */
  readonly port?: number | undefined
  readonly logger?: Logger
  /** Called with one human-readable line when something is slow or was decided (e.g. where the database lives). */
  readonly onNotice?: (notice: string) => void
  /** Called with the new address when the server moved to another port. */
  readonly onMoved?: (url: string) => void
}

/** The PostgreSQL server of one home, shared by its processes. */
export interface EmbeddedPostgres extends AsyncDisposable {
  /** The address, with the password of the database's owner (not a superuser). Changes if another program took the port while the server was down. */
  readonly url: string
  readonly dataFolder: string
  /** PostgreSQL's version, such as 18.4. */
  readonly version: string
  /** Restarts the server (with recovery) if it is not running. Idempotent; concurrent callers share one start. */
  ensureRunning(): Promise<void>
  /**
   * Runs work as superuser on the platform's database, on a connection of its own. Only for work that the owner may not do, such as
   * setting limits of roles.
   * @throws QiError
   */
  asSuperuser<T>(work: (client: ClientBase) => Promise<T>): Promise<T>
  /** Limits the memory and lowers the CPU priority of the server process of one session. @returns false if memory cannot be limited */
  confine(pid: number): Promise<boolean>
  /**
   * The password of the read-only role, kept in a file of the home.
   * @returns `renewed: true` if the file was missing, so that sessions with the old password have to be ended
   */
  readerPassword(): Promise<{ readonly password: string; readonly renewed: boolean }>
  /** Detaches from the server; the last process to detach stops it. */
  close(): Promise<void>
}
