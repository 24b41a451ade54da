import type { RecordType } from '../../types/index.ts'
import type { LineForm } from './forms.ts'

/** A piece of encoded records; never cuts a record. */
export interface HistoryPiece {
  readonly bytes: Buffer
  readonly rows: number
  /** The cursor after its last record; pass it as `after` to continue there. */
  readonly next: string
  /** Time of the last record, in microseconds. */
  readonly time: number
  /** Names of the series of the last record: coin, source, currency and the others. */
  readonly names: readonly string[]
}

/** The version of the stored records of a range. */
export interface HistoryVersion {
  /** Changes when a record of the range is added, changed or deleted. */
  readonly version: string
  /** True if the range has ended, by the database's clock: only late records can come into it. */
  readonly closed: boolean
}

/** Stored records over a range of time, read in pieces. */
export interface RecordHistory {
  readonly type: RecordType
  version(): Promise<HistoryVersion>
  /**
   * All records in order, some thousand at a time. The next piece is read while the caller handles one.
   * @param ahead by time only: pieces that are read at the same time, each on a connection of its own; default 1
   */
  pieces(form: LineForm, signal?: AbortSignal, ahead?: number): AsyncGenerator<HistoryPiece>
}
