import type { QiError } from '../../types/index.ts'

/** Finds the causes of failed statements in the tables (a lock, drift, a full disk). `trouble/Troubles` is the implementation. */
export interface FailureExplainer {
  /** The failure, with its cause in the tables if there is one. @param about the statement, or the table's name */
  explain(failure: QiError, about?: string): Promise<QiError>
  /** The drift that makes a table refuse every row; undefined if there is none. */
  driftOf(table: string): Promise<QiError | undefined>
  /** An error if a table has no primary key: COPY would store rows twice. */
  keylessTable(table: string): Promise<QiError | undefined>
  /** Refuses a statement over a table known to be locked, so that it holds no connection. @throws QiError */
  admit(text: string): void
  /** Called after a statement was answered: its tables are no longer locked. */
  passed(text: string): void
}
